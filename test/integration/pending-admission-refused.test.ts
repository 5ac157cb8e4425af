import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const settings = { pods: { pendingLimits: { admission: 4 } } };

test(
  'a pod that Pod Security refuses ends its transfer with admission-refused',
  needing('real admission'),
  async (t) => {
    const world = await startWorld(t, { replicas: 0, settings, templates: { stuck: stuckTemplate() } });
    await world.namespace.label({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    // A template cannot break the restricted standard; what changes Jobs on their way in, as a mesh or a queue does, can.
    const transfer = await startChanged(world, {
      'container.apparmor.security.beta.kubernetes.io/worker': 'unconfined',
    });
    await assertNeverStarted(world, transfer, {
      reason: 'admission-refused',
      says: /violates PodSecurity "restricted:latest": .*AppArmor.*policy of the namespace/,
    });
  },
);

test(
  'a namespace that enforces the restricted standard takes our pods',
  needing('real admission'),
  async (t) => {
    const world = await startWorld(t, { templates: { stuck: stuckTemplate() } });
    await world.namespace.label({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const transfer = world.connector().startTransfer({ assetId: 'stuck' });
    await world.connector().waitFor(transfer.id, 'STARTED', { deadlineMs: 120_000 });
  },
);

/** A transfer whose Job gets these annotations on its pod template before the service resumes it: nobody leads meanwhile. */
async function startChanged(world: World, annotations: Record<string, string>) {
  const { leases, jobs } = world.namespace.cluster;
  const signal = AbortSignal.timeout(60_000);
  const lease = 'edc-job-provisioner';
  const spec = { holderIdentity: 'nobody', leaseDurationSeconds: 3600 };
  const [apiVersion, kind] = ['coordination.k8s.io/v1', 'Lease'];
  await leases.create({ apiVersion, kind, metadata: { name: lease }, spec }, signal);
  const service = await world.addService();
  world.connectAll(service);
  await service.start();
  const transfer = world.connector().startTransfer({ assetId: 'stuck' });
  const flow = world.flowOf(transfer);
  await waitUntil('the Job is accepted', () => world.namespace.job(flow));
  await jobs.patch(flow, { spec: { template: { metadata: { annotations } } } }, signal);
  await leases.delete(lease, {}, signal);
  return transfer;
}
