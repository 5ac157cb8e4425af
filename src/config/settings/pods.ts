import { Type } from 'typebox';
import { anyName, closed, dnsLabel, qualifiedName } from '../../schemas/kinds.ts';
import { integer, names, text } from './kinds.ts';

const day = 86_400;
const week = 7 * day;

const SidecarResources = closed({
  cpuRequest: text('CPU request of the sidecar.', { default: '50m' }),
  cpuLimit: text('CPU limit of the sidecar.', { default: '1' }),
  memoryRequest: text('Memory request of the sidecar.', { default: '96Mi' }),
  memoryLimit: text('Memory limit of the sidecar.', { default: '256Mi' }),
});

const short = Type.Optional(Type.String({ maxLength: 256, title: 'text of at most 256 characters' }));
const GpuSettings = closed({
  resource: text('Extended resource that `gpu` in a template requests.', { default: 'nvidia.com/gpu' }),
  runtimeClassName: Type.Optional(text('runtimeClassName of pods with a GPU.')),
  nodeSelector: Type.Record(anyName, Type.String({ title: 'text' }), {
    title: 'a map of label names to values',
    propertyNames: qualifiedName,
    default: {},
    description: 'nodeSelector of pods with a GPU.',
  }),
  tolerations: Type.Array(closed({ key: short, operator: short, value: short, effect: short }), {
    title: 'a list of tolerations',
    default: [],
    description: 'Tolerations of pods with a GPU.',
  }),
});

/** In seconds. `run` must suffice for real work, `upload` for the files that are left when the worker ends. */
const LimitSettings = closed({
  pending: integer(
    { min: 1, max: week, default: 3600 },
    'Seconds for a worker to start, unless its template sets another limit.',
  ),
  run: integer(
    { min: 1, max: 30 * day, default: 6 * 3600 },
    'Seconds for a worker to run, unless its template sets another limit.',
  ),
  upload: integer(
    { min: 1, max: week, default: 600 },
    'Seconds to upload after the worker’s end, unless its template sets another limit.',
  ),
  stopGrace: integer(
    { min: 1, max: 600, default: 30 },
    'Seconds between SIGTERM and SIGKILL when a flow is cancelled.',
  ),
  maxRun: integer({ min: 1, max: 30 * day, default: 7 * day }, 'Largest `limits.run` of a template.'),
  maxUpload: integer({ min: 1, max: week, default: 6 * 3600 }, 'Largest `limits.upload` of a template.'),
});

function pendingLimit(seconds: number, description: string) {
  return integer({ min: 1, max: week, default: seconds }, description);
}

/**
 * In seconds, and never longer than a template's own pending limit. Long for causes that end by themselves, since other pods free their
 * resources; short for causes that end only when somebody changes something.
 */
const PendingLimitSettings = closed({
  imagePull: pendingLimit(600, 'Seconds for which an image may fail to be pulled.'),
  unschedulable: pendingLimit(
    3600,
    'Seconds for other pods to end, or for an autoscaler, if no node has room.',
  ),
  quota: pendingLimit(3600, 'Seconds for other flows to end, if the quota has no room.'),
  admission: pendingLimit(120, 'Seconds for which Pod Security or another policy may refuse the pod.'),
  configuration: pendingLimit(120, 'Seconds for which a Secret or ConfigMap may be missing.'),
  volume: pendingLimit(600, 'Seconds for which a volume may fail to be bound, attached or mounted.'),
});

const priorityBounds = { min: -1000, max: 1000 };

const PrioritySettings = closed({
  value: integer({ ...priorityBounds, default: 0 }, 'Its place in the order: higher ones start first.'),
  priorityClassName: Type.Optional(text('PriorityClass of the pods.')),
});

export const PodsSettings = closed({
  runAsUser: integer({ min: 1, max: 2_147_483_647, default: 1001 }, 'UID and GID of worker and sidecar.'),
  allowedSecrets: names('Secrets that templates may mount.'),
  allowedPersistentVolumeClaims: names('PersistentVolumeClaims that templates may mount.'),
  allowedStorageClasses: names('Storage classes that templates may use for results.'),
  caFile: Type.Optional(
    text(
      'PEM file with the certificate authorities that sidecars trust beside the public ones. The service itself trusts those of NODE_EXTRA_CA_CERTS.',
    ),
  ),
  sidecar: SidecarResources,
  gpu: GpuSettings,
  priorities: Type.Record(anyName, PrioritySettings, {
    title: 'a map of names to priorities',
    propertyNames: dnsLabel,
    default: {},
    description:
      'Priorities that a job may have by name. One without a name is an integer from -1000 to 1000.',
  }),
  egressClasses: names('Egress classes beside `store` and `internet`.'),
  limits: LimitSettings,
  pendingLimits: PendingLimitSettings,
  unreachableSeconds: integer(
    { min: 0, max: day, default: 30 },
    'Seconds for which a pod stays on a node that is unreachable or not ready.',
  ),
  retentionSeconds: integer(
    { min: 0, max: 365 * day, default: week },
    'Seconds for which results are kept, unless their template sets `retention`.',
  ),
  // While they are stored, two logs of more than a MiB are held in memory at once.
  keptLogBytes: integer(
    { min: 0, max: 60 * 1024 ** 2, default: 10 * 1024 ** 2 },
    'Bytes of the end of a worker’s log that are kept with its results; 0: none.',
  ),
});
