import type { Config } from '../config/config.ts';
import { egressLabel, evidenceFinalizer, evidenceLabel } from '../flow/labels.ts';
import type { PodSpec, PodTemplateSpec } from '../kubernetes/types.ts';
import type { Template } from '../template/template.ts';
import type { JobInput } from './job.ts';
import { buildJobLabels } from './metadata.ts';
import { buildPodSecurityContext } from './security-context.ts';
import { buildSidecar } from './sidecar.ts';
import { buildOwnVolumes, buildVolumes } from './volumes.ts';
import { buildOwnContainer, buildWorker } from './worker.ts';

/** What becomes part of a pod. */
export type PodSettings = Pick<Config, 'images' | 'pods' | 'store' | 'cluster'>;

/** The template's pod with all that the service adds to it (and that a template may not write). */
export function buildPodTemplate({ flow, request, rendered, settings }: JobInput): PodTemplateSpec {
  const { template, job } = rendered;
  const own = job.spec?.template;
  const labels = {
    ...own?.metadata?.labels,
    ...buildJobLabels(flow, request),
    [egressLabel]: template.egress,
    [evidenceLabel]: 'held',
  };
  const annotations = own?.metadata?.annotations;
  return {
    metadata: {
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      // Kubernetes copies it onto each pod, so that none goes before its end is written down.
      finalizers: [evidenceFinalizer],
    },
    spec: buildPodSpec({ flow, request, rendered, settings }, own?.spec ?? { containers: [] }),
  };
}

function buildPodSpec({ flow, rendered, settings }: JobInput, own: PodSpec): PodSpec {
  const { template } = rendered;
  const pullSecrets = [...new Set([...settings.images.pullSecrets, ...template.pullSecrets])];
  return {
    ...own,
    ...buildGpuPlacement(template, own, settings),
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The sidecar's time to upload after the worker's end; a cancellation shortens it.
    terminationGracePeriodSeconds: template.limits.upload,
    securityContext: buildPodSecurityContext(template.security.runAsUser),
    tolerations: [
      ...(own.tolerations ?? []),
      ...buildGpuTolerations(template, settings),
      ...lostNode(settings),
    ],
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    // First of all, so that it starts before the template's own and ends after them.
    initContainers: [
      buildSidecar(flow, rendered, settings),
      ...(own.initContainers ?? []).map((container) => buildOwnContainer(flow, rendered, container)),
    ],
    containers: [buildWorker(flow, rendered, settings)],
    volumes: [...buildOwnVolumes(own.volumes ?? []), ...buildVolumes(flow, template)],
  };
}

function buildGpuPlacement({ gpu }: Template, own: PodSpec, { pods }: PodSettings): Partial<PodSpec> {
  const { nodeSelector, runtimeClassName } = pods.gpu;
  if (gpu === 0) return {};
  const merged = { ...own.nodeSelector, ...nodeSelector };
  return {
    ...(Object.keys(merged).length === 0 ? {} : { nodeSelector: merged }),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
  };
}

type Tolerations = NonNullable<PodSpec['tolerations']>;

function buildGpuTolerations({ gpu }: Template, { pods }: PodSettings): Tolerations {
  return gpu === 0 ? [] : pods.gpu.tolerations;
}

/** Kubernetes would give a lost node five minutes. */
function lostNode({ pods }: PodSettings): Tolerations {
  return ['unreachable', 'not-ready'].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: pods.unreachableSeconds,
  }));
}
