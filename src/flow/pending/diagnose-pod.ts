import type { Container, Pod } from '../../kubernetes/types.ts';
import { inputsVariable } from '../flow-input.ts';
import type { PendingDiagnosis, PendingCause } from './pending-cause.ts';

type Status = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<Status['containerStatuses']>[number];
type Condition = NonNullable<Status['conditions']>[number];

/**
 * Diagnoses from the pod's own status why it does not start: scheduling first, then its containers in the order in which they start.
 * Undefined: nothing blocks it, or only events explain it (a volume, a mounted Secret).
 */
export function diagnosePod(pod: Pod): PendingDiagnosis | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const scheduled = findCondition(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return diagnoseScheduling(scheduled, pod);
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const diagnosis = diagnoseContainer(status, imageOf(pod, status.name));
    if (diagnosis !== undefined) return diagnosis;
  }
  return diagnoseInputs(pod);
}

function fetchesInputs({ env = [] }: Container): boolean {
  return env.some(({ name }) => name === inputsVariable);
}

/** The sidecar runs, and its startup probe passes once the inputs are there. */
function diagnoseInputs({ spec, status }: Pod): PendingDiagnosis | undefined {
  const sidecar = (spec?.initContainers ?? []).find(fetchesInputs);
  if (sidecar === undefined) return undefined;
  const now = status?.initContainerStatuses?.find(({ name }) => name === sidecar.name);
  const since = now?.started === true ? undefined : runningSince(now);
  if (since === undefined) return undefined;
  return { cause: 'inputs', message: 'The sidecar fetches the inputs', since };
}

function runningSince(status: ContainerStatus | undefined): string | undefined {
  return status?.state?.running?.startedAt;
}

/** Since when a pod has a node, but not the volumes and the network in which its containers start. RFC 3339. */
export function unpreparedSince(pod: Pod): string | undefined {
  const scheduled = findCondition(pod, 'PodScheduled');
  if (scheduled?.status !== 'True' || isPrepared(pod)) return undefined;
  return scheduled.lastTransitionTime ?? pod.metadata?.creationTimestamp;
}

/** The condition exists since Kubernetes 1.29 and may be turned off. */
function isPrepared(pod: Pod): boolean {
  if (findCondition(pod, 'PodReadyToStartContainers')?.status === 'True') return true;
  return (pod.status?.initContainerStatuses ?? []).some(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  );
}

function findCondition({ status }: Pod, wanted: string): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === wanted);
}

/** Only the scheduler's message distinguishes a claim, which somebody must correct, from a full cluster. */
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

/** Waiting reasons of a normal start. */
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

/** A kubelet reports an invalid name without a tag as InvalidImageName, and the same name with a tag as a failed pull. */
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
