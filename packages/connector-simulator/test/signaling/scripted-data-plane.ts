import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { startSignalingSimulator } from '../../src/signaling/signaling-simulator.ts';
import type { SignalingOptions, SignalingSimulator } from '../../src/signaling/signaling-simulator.ts';

/** One message that the data plane got. */
export interface SeenMessage {
  readonly path: string;
  /** `start`, `suspend` and so on. */
  readonly message: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export type Reply = { readonly status: number; readonly body?: string } | 'drop';

export interface Bench {
  readonly simulator: SignalingSimulator;
  readonly origin: string;
  readonly seen: SeenMessage[];
  /** Answers the n-th message, from 0. */
  script: (seen: SeenMessage, index: number) => Reply | Promise<Reply>;
  /** Answers a consumer's GET. */
  source: (request: IncomingMessage, response: ServerResponse) => void;
}

export const transferTypes = ['HttpData-PULL', 'HttpData-PUSH'];

/** A control plane with a registered data plane that does what the test says; everything ends with the test. */
export async function startBench(t: TestContext, options: Partial<SignalingOptions> = {}): Promise<Bench> {
  const bench = {
    seen: [] as SeenMessage[],
    script: answerReady as Bench['script'],
    source: ((_request, response) => response.end('what the job made')) as Bench['source'],
  };
  const server = createServer((request, response) => {
    if (request.method === 'GET') bench.source(request, response);
    else void take(bench, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const simulator = await startSignalingSimulator({
    release: '0.18.0-signaling',
    iterationWaitMillis: 1,
    leaseMillis: 0,
    retryDelaysMillis: [0, 0, 1],
    ...options,
  });
  simulator.register({ dataplaneId: 'plane', endpoint: `${origin}/dataflows`, transferTypes });
  t.after(async () => {
    await simulator.stop();
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(bench, { simulator, origin });
}

async function take(
  bench: Pick<Bench, 'seen' | 'script'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '';
  const message = path.slice(path.lastIndexOf('/') + 1);
  const seen = { path, message, rawHeaders: request.rawHeaders, body: await text(request) };
  bench.seen.push(seen);
  const reply = await bench.script(seen, bench.seen.length - 1);
  if (reply === 'drop') response.destroy();
  else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
}

/** Says that everything is done: `start` and `resume` STARTED, `prepare` PREPARED. */
export function answerReady({ message }: SeenMessage): Reply {
  if (message === 'prepare') return status('PREPARED');
  return message === 'start' || message === 'resume' ? status('STARTED') : { status: 200 };
}

/** `start` and `prepare` are answered with the state of work under way. */
export function answerLater(seen: SeenMessage): Reply {
  if (seen.message === 'prepare') return status('PREPARING');
  return seen.message === 'start' ? status('STARTING') : answerReady(seen);
}

export function status(state: string, members: object = {}): Reply {
  const body = JSON.stringify({ messageId: 'm', dataFlowId: 'never read', state, ...members });
  return { status: state.endsWith('ING') ? 202 : 200, body };
}

export function addressOf(endpoint: string, token = 'token-1'): object {
  return {
    '@type': 'DataAddress',
    endpointType: 'https://w3id.org/idsa/v4.1/HTTP',
    endpoint,
    endpointProperties: [
      { '@type': 'EndpointProperty', name: 'authorization', value: token },
      { '@type': 'EndpointProperty', name: 'authType', value: 'bearer' },
    ],
  };
}

/** The data plane calls its control plane back about a transfer. */
export async function callBack(
  { simulator }: Bench,
  call: string,
  body: object | string = { messageId: 'm', dataFlowId: 'never read', state: 'STARTED' },
): Promise<{ status: number; text: string }> {
  const [id, name] = call.split('/');
  const response = await fetch(`${simulator.callbackAddress}/transfers/${id}/dataflow/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

export function names(bench: Bench): string[] {
  return bench.seen.map(({ message }) => message);
}
