import assert from 'node:assert/strict';
import { startByteSource, type ByteSource } from '../byte-source.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import { SignalingActs } from './signaling-transfer.ts';
import type { StartTransfer, Suspension, Work } from './transfer.ts';

const content = 'the data of another provider\n';

/** Transfers of a consumer, for which the service fetches from the provider: that is its work. */
export function consumerPulls(name: string): StartTransfer {
  return async ({ t, world }, work) => {
    const source = await startByteSource(t, { content: Buffer.from(content) });
    behave(source, work);
    const connector = world.signaling(name);
    const { id } = connector.startTransfer({ assetId: 'of-another-provider' });
    const acts = new SignalingActs(connector, { id, first: 'prepare' });
    const flow = world.dataFlowOf(acts, name);
    async function running(): Promise<void> {
      await waitUntil('the provider is asked', () => source.requests.length === 1);
      await acts.in('STARTED');
    }
    async function complete(): Promise<void> {
      assert.equal((await acts.in('COMPLETED')).counterparty.state, 'COMPLETED');
    }
    return {
      flow,
      work,
      content,
      files: 1,
      async accepted() {
        await acts.in('REQUESTED');
        const properties = { authorization: 'token-of-the-provider', authType: 'bearer' };
        const address = { endpointType: 'HttpData', endpoint: source.url, properties };
        assert.ok(connector.startByProvider(id, address));
      },
      running,
      repeat: (times) => acts.repeat(times),
      contradict: () => acts.contradict(),
      delivered: complete,
      bytes: () => receivedBytes(world, flow),
      complete,
      async failed() {
        const reason = await acts.failed();
        assert.equal(source.requests.length, 1, 'a provider that refuses is asked once');
        return reason;
      },
      async terminate() {
        await acts.terminate();
        await untilBroken(source);
      },
      suspension: suspensionOf(acts, { source, flowing: running }),
      told: () => acts.told(),
      refused: () => acts.refused(),
    };
  };
}

/** The one file among what the flow has received. */
export async function receivedBytes({ bucket }: World, flow: string): Promise<Buffer> {
  const keys = await bucket.results(flow);
  const [file, ...others] = keys.filter((key) => key.includes('/files/'));
  assert.ok(file !== undefined && others.length === 0);
  return await bucket.read(file);
}

function suspensionOf(
  acts: SignalingActs,
  { source, flowing }: { source: ByteSource; flowing: () => Promise<void> },
): Suspension {
  return {
    flowing,
    async suspend() {
      await acts.suspend();
      await untilBroken(source);
    },
    resume: () => acts.resume(),
  };
}

async function untilBroken(source: ByteSource): Promise<void> {
  await waitUntil('the connection is closed', () => source.broken === 1);
}

/** Work that is held stops in the middle, and its next attempt does not. */
function behave(source: ByteSource, work: Work): void {
  if (work === 'failing') source.next(403);
  if (work === 'held' || work === 'stalled') source.next('hang');
}
