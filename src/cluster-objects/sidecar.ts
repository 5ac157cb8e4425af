import { sidecarContainer } from '../flow/attempt.ts';
import type { Container, Job } from '../kubernetes/types.ts';
import type { RenderedTemplate } from '../template/template.ts';
import type { PodSettings } from './pod-template.ts';
import { buildSecurityContext } from './security-context.ts';
import { volumeName } from './volumes.ts';
import { workerOf } from './worker.ts';

const resultsPath = '/results';
const statePath = '/run/edc-job-provisioner';
const credentialsPath = '/etc/edc-job-provisioner/store';

/** The uploader: the only container that sees the store's keys. */
export function buildSidecar(flow: string, rendered: RenderedTemplate, settings: PodSettings): Container {
  return {
    name: sidecarContainer,
    image: settings.images.sidecar,
    imagePullPolicy: settings.images.sidecarPullPolicy,
    args: ['sidecar'],
    // A native sidecar: it starts before the worker and gets SIGTERM after the worker's end.
    restartPolicy: 'Always',
    env: buildEnvironment(flow, rendered, settings),
    // Passes after the sidecar has set its SIGTERM handler; the worker starts only then.
    startupProbe: {
      exec: { command: ['test', '-f', `${statePath}/started`] },
      periodSeconds: 1,
      failureThreshold: 120,
    },
    terminationMessagePath: `${statePath}/termination-message`,
    terminationMessagePolicy: 'File',
    securityContext: buildSecurityContext(true),
    resources: buildResources(rendered, settings),
    volumeMounts: [
      { name: volumeName.results, mountPath: resultsPath },
      { name: volumeName.sidecarState, mountPath: statePath },
      // No subPath: a running pod would not get renewed keys.
      { name: volumeName.credentials, mountPath: credentialsPath, readOnly: true },
    ],
  };
}

function buildEnvironment(
  flow: string,
  { template }: RenderedTemplate,
  { store }: PodSettings,
): NonNullable<Container['env']> {
  const values = {
    SIDECAR_RESULTS: resultsPath,
    SIDECAR_STATE: statePath,
    SIDECAR_CREDENTIALS: credentialsPath,
    SIDECAR_FLOW: flow,
    SIDECAR_ENDPOINT: store.podEndpoint,
    SIDECAR_REGION: store.region,
    SIDECAR_BUCKET: store.bucket,
    SIDECAR_GRACE_SECONDS: String(template.limits.upload),
    SIDECAR_RELEASE_AFTER_UPLOAD: String(template.results.releaseAfterUpload),
    SIDECAR_TERMINATION_MESSAGE: `${statePath}/termination-message`,
  };
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    { name: 'SIDECAR_ATTEMPT', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
  ];
}

type Resources = NonNullable<Container['resources']>;

/**
 * Requests the node's disk for the results, in addition to the template's own request. Sets a limit only if the worker has one: a pod's limit
 * is the sum of its containers', and the results' volume counts against it.
 */
function buildResources({ job, template }: RenderedTemplate, { pods }: PodSettings): Resources {
  const { size, storageClass } = template.results.storage;
  const onNode = storageClass === undefined;
  const limited = diskLimit(job) !== undefined;
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = pods.sidecar;
  return {
    requests: {
      cpu: cpuRequest,
      memory: memoryRequest,
      ...(onNode ? { 'ephemeral-storage': size } : {}),
    },
    limits: {
      cpu: cpuLimit,
      memory: memoryLimit,
      ...(onNode && limited ? { 'ephemeral-storage': size } : {}),
    },
  };
}

function diskLimit(job: Job): string | undefined {
  return workerOf(job)?.resources?.limits?.['ephemeral-storage'];
}
