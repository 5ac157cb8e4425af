import type { Pod } from '../../kubernetes/types.ts';
import type { PendingDiagnosis, PendingCause } from './pending-cause.ts';

type Status = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<Status['containerStatuses']>[number];
type Condition = NonNullable<Status['conditions']>[number];

/**
 * What a pod's own status says of why it does not start: its place in the cluster, then its containers in the order in which
 * they start. Undefined: nothing is in the way, or only events tell (a volume, a Secret that is mounted).
 */
export function diagnosePod(pod: Pod): PendingDiagnosis | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const scheduled = findCondition(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return diagnoseScheduling(scheduled, pod);
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const blocker = diagnoseContainer(status, imageOf(pod, status.name));
    if (blocker !== undefined) return blocker;
  }
  return undefined;
}

/** Since when a pod has a node but not yet what its containers start in: its volumes and its network. RFC 3339. */
export function unpreparedSince(pod: Pod): string | undefined {
  const scheduled = findCondition(pod, 'PodScheduled');
  if (scheduled?.status !== 'True' || isPrepared(pod)) return undefined;
  return scheduled.lastTransitionTime ?? pod.metadata?.creationTimestamp;
}

/** The condition is there since Kubernetes 1.29, unless somebody has turned it off. */
function isPrepared(pod: Pod): boolean {
  if (findCondition(pod, 'PodReadyToStartContainers')?.status === 'True') return true;
  return (pod.status?.initContainerStatuses ?? []).some(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  );
}

function findCondition({ status }: Pod, wanted: string): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === wanted);
}

/** Claims are told apart by the scheduler's words alone: they are somebody's mistake, where a full cluster is not. */
const aboutClaim = /persistentvolumeclaim|volume node affinity|available persistent volumes/i;

function diagnoseScheduling({ reason, message, lastTransitionTime }: Condition, pod: Pod): PendingDiagnosis {
  const said = message ?? reason ?? 'nothing more';
  const since = lastTransitionTime ?? pod.metadata?.creationTimestamp;
  const time = since === undefined ? {} : { since };
  if (reason === 'SchedulingGated')
    return { cause: 'other', message: `The pod is held back by a scheduling gate: ${said}`, ...time };
  if (aboutClaim.test(said))
    return { cause: 'volume', message: `No node can give the pod its volumes: ${said}`, ...time };
  return { cause: 'unschedulable', message: `No node can take the pod: ${said}`, ...time };
}

/** What every container waits for at its begin. */
const usual = ['ContainerCreating', 'PodInitializing'];

const containerCauses: Record<string, PendingCause> = {
  InvalidImageName: 'imageName',
  ErrImagePull: 'imagePull',
  ImagePullBackOff: 'imagePull',
  ErrImageNeverPull: 'imagePull',
  ImageInspectError: 'imagePull',
  RegistryUnavailable: 'imagePull',
  SignatureValidationFailed: 'imagePull',
  CreateContainerConfigError: 'configuration',
};

function diagnoseContainer({ name, state }: ContainerStatus, image: string): PendingDiagnosis | undefined {
  const { reason, message } = state?.waiting ?? {};
  if (reason === undefined || usual.includes(reason)) return undefined;
  const cause = causeOf(reason, message);
  const said = message === undefined ? reason : `${reason}: ${message}`;
  return { cause, message: `${describe(cause, name, image)}: ${said}` };
}

/** Seen of a kubelet: a name without a tag is InvalidImageName, the same with one fails as a pull. */
function causeOf(reason: string, message = ''): PendingCause {
  const cause = Object.hasOwn(containerCauses, reason) ? containerCauses[reason] : undefined;
  if (cause === 'imagePull' && message.includes('invalid reference format')) return 'imageName';
  return cause ?? 'other';
}

function describe(cause: PendingCause, container: string, image: string): string {
  if (cause === 'imageName') return `"${image}" of the container ${container} is not the name of an image`;
  if (cause === 'imagePull') return `The image ${image} of the container ${container} cannot be pulled`;
  if (cause === 'configuration') return `The container ${container} lacks its configuration`;
  return `The container ${container} does not start`;
}

function imageOf({ spec }: Pod, container: string): string {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return containers.find(({ name }) => name === container)?.image ?? 'that it names';
}
