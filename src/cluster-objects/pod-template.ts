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

/** Settings that become part of a pod. */
export type PodSettings = Pick<Config, 'images' | 'pods' | 'store' | 'cluster'>;

/** The template's pod, and the parts that only the service may add. */
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
      // Kubernetes copies it to each pod, so that no pod disappears before its end is saved.
      finalizers: [evidenceFinalizer],
    },
    spec: buildPodSpec({ flow, request, rendered, settings }, own?.spec ?? { containers: [] }),
  };
}

function buildPodSpec({ flow, request, rendered, settings }: JobInput, own: PodSpec): PodSpec {
  const { template } = rendered;
  const pullSecrets = [...new Set([...settings.images.pullSecrets, ...template.pullSecrets])];
  return {
    ...own,
    ...buildGpuPlacement(template, own, settings),
    ...(request.priorityClassName === undefined ? {} : { priorityClassName: request.priorityClassName }),
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The sidecar's time to upload after the worker's end; a cancellation shortens it.
    terminationGracePeriodSeconds: template.limits.upload,
    securityContext: buildPodSecurityContext(template.security.runAsUser),
    tolerations: [
      ...(own.tolerations ?? []),
      ...buildGpuTolerations(template, settings),
      ...buildLostNodeTolerations(settings),
    ],
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    // First, so that the sidecar starts before the template's containers and ends after them.
    initContainers: [
      buildSidecar(flow, rendered, settings),
      ...(own.initContainers ?? []).map((container) => buildOwnContainer(flow, rendered, container)),
    ],
    containers: [buildWorker(flow, rendered, settings)],
    volumes: [...buildOwnVolumes(own.volumes ?? []), ...buildVolumes(flow, rendered)],
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

/** Kubernetes' default for a lost node is five minutes. */
function buildLostNodeTolerations({ pods }: PodSettings): Tolerations {
  return ['unreachable', 'not-ready'].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: pods.unreachableSeconds,
  }));
}
