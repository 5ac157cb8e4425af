import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSignalingSimulator } from 'connector-simulator';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a control plane of 0.16 has the data plane registered by POST, and a pull of it completes', async (t) => {
  const simulator = await startSignalingSimulator({ release: '0.16.0-signaling' });
  t.after(() => simulator.stop());
  const connector = {
    ...{ name: 'former', dialect: 'signaling', callbackPrefix: simulator.callbackAddress },
    registration: { url: `${simulator.controlUrl}/dataplanes`, labels: ['jobs'] },
  };
  await startWorld(t, {
    connectors: [],
    settings: { connectors: [connector] },
    env: { CONNECTOR_FORMER_TOKENS: 'token-of-the-control-plane' },
  });
  const [plane] = await waitUntil('it is registered', () => {
    const planes = simulator.dataPlanes();
    return planes.length > 0 && planes;
  });
  assert.match(plane?.endpoint ?? '', /\/connectors\/former\/token-of-the-control-plane\/dataflows$/);
  assert.deepEqual(
    [plane?.transferTypes, plane?.labels, plane?.authorization],
    [['HttpData-PULL'], ['jobs'], undefined],
  );

  const { id } = simulator.startTransfer({ assetId: 'echo' });
  await simulator.waitFor(id, 'STARTED');
  assert.equal((await simulator.pull(id)).status, 200);
  simulator.complete(id);
  await simulator.waitFor(id, 'COMPLETED');
});
