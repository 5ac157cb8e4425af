import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Side, SignalingTransfer } from '../../src/signaling/signaling-transfer.ts';
import { readRecording } from '../recording.ts';
import { startBench, transferTypes, type Bench, type SeenMessage } from './scripted-data-plane.ts';

interface Exchange {
  readonly kind: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly status: number;
  readonly answer?: string;
}

const transfers = [
  'pull-synchronous',
  'pull-asynchronous',
  'push-asynchronous',
  'prepare-asynchronous',
  'suspend-resume',
  'start-dropped',
  'start-refused',
  'start-503',
  'errored',
  'consumer-terminates-starting',
];

for (const name of transfers) {
  test(`the recorded transfer ${name} is sent header by header and byte by byte, with nothing besides`, async (t) => {
    const recorded = await readTransfer(name);
    const stage = await setStage(t, recorded);
    for (const exchange of recorded) await play(stage, exchange);
    for (const side of ['provider', 'consumer'] as const) {
      const expected = messagesTo(side, recorded);
      assert.deepEqual(stage[side].bench.seen.map(comparable), expected.map(recordedMessage));
    }
  });
}

async function readTransfer(name: string): Promise<Exchange[]> {
  return await readRecording(`0.18.0-signaling-${name}`);
}

function messagesTo(side: Side, recorded: readonly Exchange[]): Exchange[] {
  return recorded.filter(({ kind }) => kind === `to-${side}-data-plane`);
}

interface Actor {
  readonly bench: Bench;
  id: string;
  played: number;
}

type Stage = Record<Side, Actor>;

/** A control plane of each side, and data planes that answer as the recorded ones did. */
async function setStage(t: TestContext, recorded: readonly Exchange[]): Promise<Stage> {
  async function start(side: Side): Promise<Actor> {
    const bench = await startBench(t, { side });
    const answers = messagesTo(side, recorded);
    bench.script = (_seen, index) => {
      const { status = 500, answer = '' } = answers[index] ?? {};
      return status === 0 ? 'drop' : { status, body: answer };
    };
    return { bench, id: '', played: 0 };
  }
  return { provider: await start('provider'), consumer: await start('consumer') };
}

/** Causes a recorded message, or calls back as recorded. */
async function play(stage: Stage, exchange: Exchange): Promise<void> {
  const [, side, plane] = /^to-(provider|consumer)-(data|control)-plane$/.exec(exchange.kind) ?? [];
  assert.ok(side === 'provider' || side === 'consumer');
  const actor = stage[side];
  const { simulator } = actor.bench;
  if (plane === 'control') {
    await simulator.waitFor(actor.id, isIdle);
    const response = await fetch(`${new URL(simulator.callbackAddress).origin}${exchange.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: exchange.body,
    });
    assert.equal(response.status, exchange.status);
    assert.equal(withoutPorts(await response.text()), withoutPorts(exchange.answer ?? ''));
    return;
  }
  actor.played += 1;
  await cause(stage, side, exchange);
  await simulator.waitFor(actor.id, ({ sent }) => sumOf(sent) >= actor.played);
}

async function cause(stage: Stage, side: Side, { path, body }: Exchange): Promise<void> {
  const { provider, consumer } = stage;
  const { simulator } = stage[side].bench;
  const message = path.slice(path.lastIndexOf('/') + 1);
  const isFirst = isNew(stage[side], message);
  switch (message) {
    case 'prepare':
      consumer.id = simulator.startTransfer(transferOf(body)).id;
      return;
    case 'start': {
      if (!isFirst) return;
      const { disclosed } = await consumer.bench.simulator.waitFor(consumer.id, 'REQUESTED');
      provider.id = simulator.startTransfer({ ...transferOf(body), dataAddress: disclosed }).id;
      return;
    }
    case 'started': {
      const { disclosed } = await provider.bench.simulator.waitFor(provider.id, 'STARTED');
      assert.ok(simulator.startByProvider(consumer.id, disclosed));
      return;
    }
    default:
      await command(stage, side, message);
  }
}

/** The side whose data plane gets the message first has the operator. */
async function command(stage: Stage, side: Side, message: string): Promise<void> {
  const { id, bench } = stage[side];
  const { simulator } = bench;
  const other = stage[side === 'provider' ? 'consumer' : 'provider'];
  const otherEnded = other.bench.simulator.process(other.id).state === 'TERMINATED';
  const by = otherEnded || names(other).includes(message) ? 'counterparty' : 'operator';
  const options = { by, reason: 'pause' } as const;
  if (message !== 'resume' && message !== 'terminate') await simulator.waitFor(id, 'STARTED');
  if (message === 'resume') await simulator.waitFor(id, 'SUSPENDED');
  await simulator.waitFor(id, isIdle);
  const commands: Record<string, () => boolean> = {
    suspend: () => simulator.suspend(id, options),
    resume: () => simulator.resume(id),
    completed: () => simulator.complete(id),
    terminate: () => simulator.terminate(id, options),
  };
  assert.ok(commands[message]?.(), `${message} to the ${side}`);
}

function isIdle({ leased }: SignalingTransfer): boolean {
  return !leased;
}

function names({ bench }: Actor): string[] {
  return bench.seen.map(({ message }) => message);
}

/** A repetition of the connector's client is caused by nothing. */
function isNew(actor: Actor, message: string): boolean {
  return !names(actor).includes(message);
}

function transferOf(body: string) {
  const members = JSON.parse(body) as Record<string, string>;
  const { processId = '', agreementId = '', datasetId = '', transferType = '' } = members;
  assert.ok(transferTypes.includes(transferType));
  const mode = transferType.endsWith('PUSH') ? ('push' as const) : ('pull' as const);
  return { transferProcessId: processId, agreementId, assetId: datasetId, mode };
}

function sumOf(sent: SignalingTransfer['sent']): number {
  return Object.values(sent).reduce((sum, count) => sum + count, 0);
}

interface Comparable {
  readonly path: string;
  readonly headers: string[];
  readonly body: string;
}

function comparable({ path, rawHeaders, body }: SeenMessage): Comparable {
  return { path, headers: withoutHost(rawHeaders), body: normalized(body) };
}

function recordedMessage({ path, headers, body }: Exchange): Comparable {
  return { path, headers: withoutHost(Object.entries(headers).flat()), body: normalized(body) };
}

/** Header names as sent, in order; only ports differ between runs, and with them lengths. */
function withoutHost(rawHeaders: readonly string[]): string[] {
  const unequal = ['Host', 'Content-Length'];
  return rawHeaders.map((text, index) => (unequal.includes(rawHeaders[index - 1] ?? '') ? '' : text));
}

/** Ids of messages are random, and so is that of no process in `resume`. */
function normalized(body: string): string {
  const ids = withoutPorts(body).replace(/("messageId":")[0-9a-f-]{36}"/, '$1"');
  return ids.replace(/("processId":")[0-9a-f-]{36}"}$/, '$1"}');
}

function withoutPorts(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, 'host');
}
