import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceProcess } from '../support/service-process.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Health {
  status: string;
  ready: boolean;
  components: {
    startup: { status: string; failed?: string[] };
    reconciler: { status: string; leader: string; identity?: string; since?: string; problem?: string };
    flows: { waiting?: Record<string, unknown> };
  };
}

async function healthOf({ url }: ServiceProcess, headers: Record<string, string> = {}): Promise<Health> {
  const response = await fetch(`${url}/health`, { headers, signal: AbortSignal.timeout(30_000) });
  return (await response.json()) as Health;
}

/** As a proxy on this machine passes it on. */
const stranger = { 'x-forwarded-for': '192.0.2.7' };

test('health says who leads and what flows wait for, on both replicas, and that nobody leads where the namespace is missing', async (t) => {
  const resources = { requests: { cpu: '1000', memory: '32Mi' }, limits: { cpu: '1000', memory: '32Mi' } };
  const world = await startWorld(t, {
    replicas: 0,
    templates: { stuck: stuckTemplate({ worker: { resources } }) },
  });
  const lost = await world.addService({
    cluster: { kubeconfig: world.servers.kubeconfig, namespace: 'nowhere' },
    store: { bucket: 'no-such-bucket' },
  });
  const replicas = [
    await world.addService({ reconciler: { identity: 'replica-one' } }),
    await world.addService({ reconciler: { identity: 'replica-two' } }),
  ];
  await Promise.all([lost, ...replicas].map((service) => service.start()));

  await t.test(
    'a missing namespace and a missing bucket are reported at the start and in health',
    async () => {
      const { status, ready, components } = await waitUntil('the Lease was tried', async () => {
        const found = await healthOf(lost);
        return /not found/.test(found.components.reconciler.problem ?? '') ? found : undefined;
      });
      assert.deepEqual([status, ready], ['degraded', true]);
      assert.equal(components.reconciler.leader, 'none');
      assert.match(components.reconciler.problem ?? '', /nobody leads.*namespaces "nowhere" not found/);
      assert.match(components.reconciler.since ?? '', /^\d{4}-/);
      assert.deepEqual(components.startup.failed?.sort(), ['bucket', 'namespace']);
      const failed = lost.entries.filter(({ msg }) => msg === 'start-up check failed');
      assert.deepEqual(failed.map(({ check }) => check).sort(), ['bucket', 'namespace']);
      const shown = JSON.stringify(await healthOf(lost, stranger));
      assert.match(shown, /"leader":"none".*"code":"cluster-not-found"/);
      assert.doesNotMatch(shown, /nowhere|no-such-bucket|127\.0\.0\.1/);
    },
  );

  await t.test('both replicas name the leader and count what a flow waits for', async () => {
    const leader = await waitUntil('one leads', async () => {
      const all = await Promise.all(replicas.map((one) => healthOf(one)));
      const identities = new Set(all.map(({ components }) => components.reconciler.identity));
      const [identity] = identities;
      return identities.size === 1 && identity !== undefined ? identity : undefined;
    });
    assert.match(leader, /^replica-(one|two)$/);
    const [first] = replicas;
    assert.ok(first !== undefined);
    world.connectAll(first);
    const flow = world.flowOf(world.connector().startTransfer({ assetId: 'stuck' }));
    for (const replica of replicas) {
      const { status, components } = await waitUntil('it knows what the flow waits for', async () => {
        const found = await healthOf(replica);
        return found.components.flows.waiting?.['unschedulable'] === undefined ? undefined : found;
      });
      assert.equal(status, 'ok');
      const { count, examples } = components.flows.waiting?.['unschedulable'] as {
        count: number;
        examples: { flow: string; message: string }[];
      };
      assert.deepEqual([count, examples.map((one) => one.flow)], [1, [flow]]);
      assert.match(examples[0]?.message ?? '', /Insufficient cpu/);
      const shown = await healthOf(replica, stranger);
      assert.deepEqual(shown.components.flows.waiting, { unschedulable: 1 });
      assert.doesNotMatch(JSON.stringify(shown), /replica-|Insufficient|flow-|127\.0\.0\.1/);
    }
  });
});
