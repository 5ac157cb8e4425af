import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';

test('a worker with a PersistentVolumeClaim that is not there ends its transfer with volume-not-mounted', async (t) => {
  const claim = { claimName: 'absent', readOnly: true };
  const world = await startWorld(t, {
    settings: { pods: { allowedPersistentVolumeClaims: ['absent'], pendingLimits: { volume: 4 } } },
    templates: {
      stuck: stuckTemplate({
        worker: { volumeMounts: [{ name: 'maps', mountPath: '/maps', readOnly: true }] },
        pod: { volumes: [{ name: 'maps', persistentVolumeClaim: claim }] },
      }),
    },
  });
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  await assertNeverStarted(world, transfer, {
    reason: 'volume-not-mounted',
    says: /persistentvolumeclaim "absent" not found/,
  });
});
