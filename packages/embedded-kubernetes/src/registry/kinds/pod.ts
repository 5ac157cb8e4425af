import { isDeepStrictEqual } from 'node:util';

import { copyOf, setOrDelete } from '../../objects/copy.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import { hasEnded, podSpecOf, type UncheckedPodSpec } from '../../objects/pod.ts';
import type { KindRules } from './kind-rules.ts';
import { applyPodSpecDefaults, checkPodSpec } from './pod-spec.ts';

export const podRules: KindRules = {
  applyDefaults(object) {
    const spec = podSpecOf(object);
    object['spec'] = spec;
    applyPodSpecDefaults(spec);
    spec['serviceAccountName'] ??= 'default';
    spec['serviceAccount'] ??= spec['serviceAccountName'];
    tolerateLostNodes(spec);
    object['status'] = { phase: 'Pending' };
  },
  check(object, causes) {
    const spec = podSpecOf(object);
    checkPodSpec(spec, 'spec', causes);
    causes.oneOf('spec.restartPolicy', spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  },
  checkUpdate(next, current, causes) {
    if (isDeepStrictEqual(frozenPart(next, current), podSpecOf(current))) return;
    causes.forbidden(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image` in the embedded cluster',
    );
  },
  gracePeriod: podGracePeriod,
};

/** Five minutes on a node that is not heard from, unless the pod says otherwise. */
function tolerateLostNodes(spec: UncheckedPodSpec): void {
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const own = spec.tolerations ?? [];
    const isNamed = own.some(
      (each) => (each.key ?? key) === key && (each.effect ?? 'NoExecute') === 'NoExecute',
    );
    if (isNamed) continue;
    spec.tolerations = [...own, { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }];
  }
}

/** The new spec with the images of the old: equal to the old if nothing else changed. */
function frozenPart(next: KubeObject, current: KubeObject): UncheckedPodSpec {
  const spec = copyOf(podSpecOf(next));
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      setOrDelete(container, 'image', podSpecOf(current)[list]?.[index]?.image);
    }
  }
  return spec;
}

/** Nobody has to stop a pod that is on no node or has ended. */
function podGracePeriod(object: KubeObject, requested: number | undefined): number {
  const spec = podSpecOf(object);
  if (!spec.nodeName || hasEnded(object)) return 0;
  const period = requested ?? spec.terminationGracePeriodSeconds ?? 30;
  return period < 0 ? 1 : period;
}
