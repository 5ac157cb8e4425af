import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('flows wait while the token of the service is revoked, and go on with a new one in its file, without a restart', async (t) => {
  const world = await startWorld(t);
  const connector = world.connector();
  const running = connector.startTransfer({ assetId: 'gated' });
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  await world.access.revoke();
  world.gate.open();
  const late = connector.startTransfer({ assetId: 'echo' });
  await waitUntil('the late one was asked for and refused for now', () =>
    connector
      .exchanges({ transferProcessId: late.id })
      .some(({ status }) => status !== undefined && status >= 500),
  );
  await waitUntil('the worker has ended', async () => {
    const [pod] = await world.namespace.pods(world.flowOf(running));
    return pod?.status?.phase === 'Succeeded';
  });
  assert.match(JSON.stringify(await world.service.health()), /401/);
  assert.deepEqual(connector.exchanges({ kind: 'callback' }), []);
  assert.equal((await world.namespace.jobs()).length, 1);

  await world.access.renew();
  for (const { id } of [running, late]) await connector.waitFor(id, 'DEPROVISIONED');
  assert.equal((await world.namespace.jobs()).length, 2);
  assert.equal(connector.exchanges({ kind: 'callback' }).length, 2);
  assert.equal(world.service.entries.filter(({ msg }) => msg === 'service listens').length, 1);
});
