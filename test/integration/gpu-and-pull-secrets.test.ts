import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { equipNode, makeRuntimeClass } from '../support/equip-node.ts';
import { needing } from '../support/needs.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const resource = 'nvidia.com/gpu';

test(
  'a template that asks for a GPU gets a node that has one, and pods get the pull secrets of settings and template',
  needing('own nodes'),
  async (t) => {
    const name = `gpu-${randomBytes(4).toString('hex')}`;
    const nodeSelector = { accelerator: name };
    // The embedded cluster has no such classes, and refuses pods that ask for one.
    const runtime = process.env['TEST_KUBECONFIG'] === undefined ? {} : { runtimeClassName: name };
    const toleration = { key: resource, operator: 'Exists', effect: 'NoSchedule' };
    const world = await startWorld(t, {
      templates: { trained: asking({ gpu: 1, pullSecrets: ['for-trainers'] }), greedy: asking({ gpu: 3 }) },
      settings: {
        images: { pullSecrets: ['for-all'], allowedPullSecrets: ['for-trainers', 'for-others'] },
        pods: {
          gpu: { resource, ...runtime, nodeSelector, tolerations: [toleration] },
          pendingLimits: { unschedulable: 4 },
        },
      },
    });
    for (const secret of ['for-all', 'for-trainers']) await world.namespace.createPullSecret(secret);
    if (runtime.runtimeClassName !== undefined) await makeRuntimeClass(t, world, name);
    const node = await equipNode(t, world, { labels: nodeSelector, resources: { [resource]: '2' } });

    const simulator = world.connector();
    const transfer = simulator.startTransfer({ assetId: 'trained', mode: 'pull' });
    const flow = world.flowOf(transfer);
    const spec = await waitUntil('the pod has a node', async () => {
      const [pod] = await world.namespace.pods(flow);
      return pod?.spec?.nodeName === undefined ? undefined : pod.spec;
    });
    assert.equal(spec.nodeName, node);
    const worker = spec.containers.find(({ name }) => name === 'worker');
    assert.equal(worker?.resources?.limits?.[resource], '1');
    assert.equal(spec.runtimeClassName, runtime.runtimeClassName);
    assert.deepEqual(spec.nodeSelector, nodeSelector);
    assert.ok(spec.tolerations?.some(({ key, effect }) => key === resource && effect === 'NoSchedule'));
    assert.deepEqual(
      spec.imagePullSecrets?.map(({ name }) => name),
      ['for-all', 'for-trainers'],
    );
    await simulator.waitFor(transfer.id, 'STARTED', { deadlineMs: 120_000 });

    const greedy = simulator.startTransfer({ assetId: 'greedy' });
    const { errorDetail } = await simulator.waitFor(greedy.id, 'TERMINATED', { deadlineMs: 120_000 });
    assert.match(errorDetail ?? '', /unschedulable.*Insufficient nvidia\.com\/gpu/);
  },
);

function asking(members: object): Record<string, string> {
  const { 'template.yaml': yaml = '{}', ...template } = shellTemplate({
    script: 'echo done > "$RESULT_DIRECTORY/done.txt"',
  });
  return { ...template, 'template.yaml': JSON.stringify({ ...(JSON.parse(yaml) as object), ...members }) };
}
