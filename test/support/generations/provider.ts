import assert from 'node:assert/strict';
import { startHttpSink, type HttpSink } from 'connector-simulator';
import { waitUntil } from '../wait-until.ts';
import { contentOf, filesOf, workerRuns } from './job-work.ts';
import { SignalingActs } from './signaling-transfer.ts';
import { assets, type StartTransfer, type Suspension, type Transfer } from './transfer.ts';

type Common = Omit<Transfer, 'delivered' | 'bytes' | 'complete' | 'suspension' | 'deprovision'>;

/** Transfers of a provider whose consumers fetch from the service. */
export function providerPulls(name: string): StartTransfer {
  return ({ world }, work) => {
    const connector = world.signaling(name);
    const { id } = connector.startTransfer({ assetId: assets[work] });
    const acts = new SignalingActs(connector, { id, first: 'start' });
    async function bytes(): Promise<Buffer> {
      const { status, content } = await connector.pull(id, { keep: true });
      assert.equal(status, 200);
      return content ?? Buffer.from('');
    }
    async function delivered(): Promise<void> {
      await acts.in('STARTED');
    }
    // While the cluster does not answer, results are sent without a look at the state of the transfer.
    async function refused(wanted: number): Promise<void> {
      await waitUntil(
        `the address answers ${wanted}`,
        async () => (await connector.pull(id)).status === wanted,
      );
    }
    const transfer: Transfer = {
      ...commonOf(acts, { world, name, work }),
      delivered,
      bytes,
      async complete() {
        assert.ok(connector.complete(id));
        await acts.in('COMPLETED');
        await refused(410);
      },
      suspension: {
        flowing: delivered,
        async suspend() {
          await acts.suspend();
          await refused(403);
        },
        resume: () => acts.resume(),
      },
      async deprovision() {
        await acts.terminate();
        await refused(410);
        return await acts.again('terminate', { times: 2 });
      },
    };
    return Promise.resolve(transfer);
  };
}

/** Transfers of a provider whose results are sent to the sink of the consumer. */
export function providerPushes(name: string): StartTransfer {
  return async ({ t, world }, work) => {
    const sink = await startHttpSink({ token: 'token-of-the-sink', keep: true });
    t.after(() => sink.stop());
    if (work === 'stalled') sink.misbehave({ kind: 'hang' }, 1);
    const connector = world.signaling(name);
    const push = { assetId: assets[work], mode: 'push', dataAddress: sink.address() } as const;
    const { id } = connector.startTransfer(push);
    const acts = new SignalingActs(connector, { id, first: 'start' });
    async function complete(): Promise<void> {
      assert.equal((await acts.in('COMPLETED')).counterparty.state, 'COMPLETED');
    }
    return {
      ...commonOf(acts, { world, name, work }),
      async delivered() {
        await sink.waitFor(({ status }) => status === 200);
      },
      bytes: () => Promise.resolve(receivedBy(sink)),
      complete,
      suspension: suspensionOf(acts, sink),
    };
  };
}

function commonOf(
  acts: SignalingActs,
  { world, name, work }: { world: Parameters<typeof workerRuns>[0]; name: string; work: Transfer['work'] },
): Common {
  const flow = world.dataFlowOf(acts, name);
  return {
    flow,
    work,
    content: contentOf(work),
    files: filesOf(work),
    async accepted() {
      await acts.connector.waitFor(acts.id, 'STARTUP_REQUESTED');
    },
    running: () => workerRuns(world, flow),
    repeat: (times) => acts.repeat(times),
    contradict: () => acts.contradict(),
    failed: () => acts.failed(),
    terminate: () => acts.terminate(),
    told: () => acts.told(),
    refused: () => acts.refused(),
  };
}

/** The first upload has come and is not answered. */
function suspensionOf(acts: SignalingActs, sink: HttpSink): Suspension {
  return {
    async flowing() {
      await sink.waitFor();
      await acts.in('STARTED');
    },
    async suspend() {
      await acts.suspend();
      await waitUntil('the connection is closed', () => sink.open === 0);
      assert.equal(sink.uploads.length, 1);
    },
    resume: () => acts.resume(),
  };
}

function receivedBy(sink: HttpSink): Buffer {
  const [upload, ...others] = sink.uploads.filter(({ status }) => status === 200);
  assert.ok(upload !== undefined && others.length === 0, 'the sink takes the data once');
  return upload.content ?? Buffer.from('');
}
