import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';

test('a worker that asks for 1,000 processors ends its transfer with unschedulable', async (t) => {
  const resources = { requests: { cpu: '1000', memory: '32Mi' }, limits: { cpu: '1000', memory: '32Mi' } };
  const world = await startWorld(t, {
    settings: { pods: { pendingLimits: { unschedulable: 4 } } },
    templates: { stuck: stuckTemplate({ worker: { resources } }) },
  });
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  await assertNeverStarted(world, transfer, {
    reason: 'unschedulable',
    says: /waited 4 s\): No node can take the pod: .*Insufficient cpu/,
  });
});
