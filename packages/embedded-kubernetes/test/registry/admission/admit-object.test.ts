import assert from 'node:assert/strict';
import test from 'node:test';

import { createRegistry } from '../../../src/registry/registry.ts';
import { aPod, aRegistry, refusal } from '../sample-objects.ts';

const good = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

function inNamespace(level: string) {
  const registry = createRegistry();
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  registry.create('namespaces', { metadata: { name: 'default', labels } });
  return registry;
}

/** A sidecar `uploader` and a `worker`, with their security contexts. */
function aPair(uploader: object, worker: object, more: object = {}) {
  return aPod('pod', {
    spec: {
      initContainers: [{ name: 'uploader', image: 'a', restartPolicy: 'Always', securityContext: uploader }],
      containers: [{ name: 'worker', image: 'a', securityContext: worker }],
      ...more,
    },
  });
}

function unconfinedPair() {
  const pod = aPair(good, good);
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/worker': 'unconfined' };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

const hostPath = { volumes: [{ name: 'h', hostPath: { path: '/tmp' } }] };

// The sentences are those of Kubernetes 1.34.
const violations = [
  {
    name: 'nothing said',
    level: 'restricted',
    pod: aPair({}, {}),
    why: 'allowPrivilegeEscalation != false (containers "uploader", "worker" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "uploader", "worker" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "uploader", "worker" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers "uploader", "worker" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  },
  {
    name: 'half of it said',
    level: 'restricted',
    pod: aPair({ allowPrivilegeEscalation: false }, { ...good, runAsUser: 0 }, hostPath),
    why: 'unrestricted capabilities (container "uploader" must set securityContext.capabilities.drop=["ALL"]), restricted volume types (volume "h" uses restricted volume type "hostPath"), runAsNonRoot != true (pod or container "uploader" must set securityContext.runAsNonRoot=true), runAsUser=0 (container "worker" must not set runAsUser=0), seccompProfile (pod or container "uploader" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  },
  {
    name: 'an unconfined container by annotation',
    level: 'restricted',
    pod: unconfinedPair(),
    why: 'forbidden AppArmor profiles (container "worker" and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/worker="unconfined"")',
  },
  {
    name: 'power over the host',
    level: 'baseline',
    pod: aPair(
      {},
      { privileged: true, capabilities: { add: ['SYS_ADMIN'] } },
      { ...hostPath, hostNetwork: true },
    ),
    why: 'non-default capabilities (container "worker" must not include "SYS_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true), hostPath volumes (volume "h"), privileged (container "worker" must not set securityContext.privileged=true)',
  },
];
for (const { name, level, pod, why } of violations) {
  test(`a pod with ${name} is refused where the level is ${level}`, () => {
    const status = refusal(() => inNamespace(level).create('pods', pod));
    assert.equal(status.code, 403);
    assert.equal(status.message, `pods "pod" is forbidden: violates PodSecurity "${level}:latest": ${why}`);
  });
}

test('a pod that keeps to the level is let in', () => {
  inNamespace('restricted').create('pods', aPair(good, good));
  inNamespace('baseline').create('pods', aPair({}, {}));
  aRegistry().create('pods', aPair({ privileged: true }, {}));
});

const references = [
  {
    name: 'service account',
    spec: { serviceAccountName: 'nobody' },
    why: 'error looking up service account default/nobody: serviceaccount "nobody" not found',
  },
  {
    name: 'priority class',
    spec: { priorityClassName: 'nope' },
    why: 'no PriorityClass with name nope was found',
  },
  {
    name: 'runtime class',
    spec: { runtimeClassName: 'nope' },
    why: 'pod rejected: RuntimeClass "nope" not found',
  },
];
for (const { name, spec, why } of references) {
  test(`a pod that names a ${name} which is not there is refused before it has a name`, () => {
    const pod = aPod('', { metadata: { name: undefined, generateName: 'flow-' }, spec });
    const status = refusal(() => aRegistry().create('pods', pod));
    assert.equal(status.message, `pods "flow-" is forbidden: ${why}`);
  });
}
