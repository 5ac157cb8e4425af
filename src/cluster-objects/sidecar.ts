import { sidecarContainer } from '../flow/attempt.ts';
import { inputsDirectory, inputsVariable } from '../flow/flow-input.ts';
import type { Container, Job } from '../kubernetes/types.ts';
import { readQuantity } from '../template/read/read-quantity.ts';
import type { RenderedTemplate } from '../template/template.ts';
import { authoritiesFile } from './authorities.ts';
import type { PodSettings } from './pod-template.ts';
import { buildSecurityContext } from './security-context.ts';
import { inputsSize, volumeName } from './volumes.ts';
import { workerOf } from './worker.ts';

/** Without inputs, it is ready in a second or two. */
const startSeconds = 120;

const resultsPath = '/results';
const statePath = '/run/edc-job-provisioner';
const credentialsPath = '/etc/edc-job-provisioner/store';
const inputUrlsPath = '/etc/edc-job-provisioner/inputs';

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
    // Passes after the sidecar has set its SIGTERM handler and fetched the inputs; the worker starts only then. With inputs, the pending
    // deadline ends the flow before the probe fails for good.
    startupProbe: {
      exec: { command: ['test', '-f', `${statePath}/started`] },
      periodSeconds: 1,
      failureThreshold: startSeconds + (rendered.inputs.length > 0 ? rendered.template.limits.pending : 0),
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
      ...(rendered.inputs.length > 0 ? [{ name: volumeName.inputs, mountPath: inputsDirectory }] : []),
      ...(Object.keys(rendered.inputUrls).length > 0
        ? [{ name: volumeName.inputUrls, mountPath: inputUrlsPath, readOnly: true }]
        : []),
    ],
  };
}

function buildEnvironment(
  flow: string,
  { template, inputs }: RenderedTemplate,
  { store, pods }: PodSettings,
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
    ...(pods.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: `${credentialsPath}/${authoritiesFile}` }),
    ...(inputs.length === 0
      ? {}
      : {
          [inputsVariable]: JSON.stringify(inputs),
          SIDECAR_INPUT_URLS: inputUrlsPath,
          SIDECAR_INPUT_SECONDS: String(fetchSeconds(template.limits.pending)),
        }),
  };
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    { name: 'SIDECAR_ATTEMPT', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
  ];
}

/** Less than the pending limit, so that the sidecar says why it failed before the reconciler's deadline passes. */
function fetchSeconds(pending: number): number {
  return Math.max(1, pending - Math.ceil(Math.min(60, pending / 10)));
}

type Resources = NonNullable<Container['resources']>;

/**
 * Requests the node's disk for the results and inputs, in addition to the template's own request. Sets a limit only if the worker has one: a pod's limit
 * is the sum of its containers', and the results' volume counts against it.
 */
function buildResources(rendered: RenderedTemplate, { pods }: PodSettings): Resources {
  const disk = diskRequest(rendered);
  const limited = diskLimit(rendered.job) !== undefined;
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = pods.sidecar;
  return {
    requests: {
      cpu: cpuRequest,
      memory: memoryRequest,
      ...(disk === undefined ? {} : { 'ephemeral-storage': disk }),
    },
    limits: {
      cpu: cpuLimit,
      memory: memoryLimit,
      ...(disk !== undefined && limited ? { 'ephemeral-storage': disk } : {}),
    },
  };
}

/** Of results and inputs, as far as they are on the node's disk. */
function diskRequest({ template, inputs }: RenderedTemplate): string | undefined {
  const { size, storageClass } = template.results.storage;
  const results = storageClass === undefined ? size : undefined;
  if (inputs.length === 0) return results;
  return String(inputsSize(inputs) + (results === undefined ? 0 : readQuantity(results)));
}

function diskLimit(job: Job): string | undefined {
  return workerOf(job)?.resources?.limits?.['ephemeral-storage'];
}
