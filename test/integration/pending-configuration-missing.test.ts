import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate, type StuckOptions } from '../support/stuck-template.ts';

const volumeMounts = [{ name: 'missing', mountPath: '/missing' }];

const cases: { name: string; stuck: StuckOptions; says: RegExp }[] = [
  {
    name: 'a missing Secret in its environment',
    stuck: { worker: { envFrom: [{ secretRef: { name: 'absent' } }] } },
    says: /container worker lacks its configuration: .*secret "absent" not found/,
  },
  {
    name: 'a missing ConfigMap in its environment',
    stuck: { worker: { envFrom: [{ configMapRef: { name: 'absent' } }] } },
    says: /container worker lacks its configuration: .*configmap "absent" not found/,
  },
  {
    name: 'a missing Secret among its volumes, of which only events tell',
    stuck: {
      worker: { volumeMounts },
      pod: { volumes: [{ name: 'missing', secret: { secretName: 'absent' } }] },
    },
    says: /pod lacks its configuration: .*secret "absent" not found/,
  },
];

for (const { name, stuck, says } of cases) {
  test(`a worker with ${name} ends its transfer with configuration-missing`, async (t) => {
    const world = await startWorld(t, {
      settings: { pods: { allowedSecrets: ['absent'], pendingLimits: { configuration: 4 } } },
      templates: { stuck: stuckTemplate(stuck) },
    });
    const transfer = world.connector().startTransfer({ assetId: 'stuck' });
    await assertNeverStarted(world, transfer, { reason: 'configuration-missing', says });
  });
}
