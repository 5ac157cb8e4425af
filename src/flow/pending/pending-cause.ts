import type { FailureReason } from '../outcome.ts';

/** Why a worker does not start. `other`: only Kubernetes' own message says why. */
export type PendingCause =
  | 'imageName'
  | 'imagePull'
  | 'unschedulable'
  | 'quota'
  | 'admission'
  | 'configuration'
  | 'volume'
  | 'inputs'
  | 'other';

/** Timeout of each cause in seconds, by the setting's name; never longer than the template's own pending limit. */
export type PendingLimits = Record<Exclude<PendingCause, 'imageName' | 'inputs' | 'other'>, number>;

/** Why a worker does not start now. */
export interface PendingDiagnosis {
  cause: PendingCause;
  /** One sentence for people: the object, and what Kubernetes says about it. */
  message: string;
  /** RFC 3339; absent if Kubernetes keeps no time, as for a container that waits. */
  since?: string;
}

/** A diagnosis as it is saved on the Job, with the time at which it was first observed. */
export interface SavedDiagnosis {
  cause: PendingCause;
  message: string;
  since: string;
  /** UID of the pod; absent: the Job has no pod. */
  attempt?: string;
}

interface CauseRule {
  reason: FailureReason;
  /** Action for the operator or the template's author. */
  advice: string;
}

export const causeRules: Record<PendingCause, CauseRule> = {
  imageName: {
    reason: 'image-name-invalid',
    advice: 'Correct the name of the image.',
  },
  imagePull: {
    reason: 'image-not-pulled',
    advice:
      'Check the name and tag of the image, the pull secrets, and that the nodes can reach its registry.',
  },
  unschedulable: {
    reason: 'unschedulable',
    advice: 'Ask for less in the template, or give the cluster a node with room for it.',
  },
  quota: {
    reason: 'quota-exceeded',
    advice: 'Raise the quota of the namespace, or let fewer flows run at once.',
  },
  admission: {
    reason: 'admission-refused',
    advice: 'Change the template, or the policy of the namespace.',
  },
  configuration: {
    reason: 'configuration-missing',
    advice: 'Create what is missing in the namespace of the Jobs, or correct its name in the template.',
  },
  volume: {
    reason: 'volume-not-mounted',
    advice: 'Check the PersistentVolumeClaim, its storage class and the events of the pod.',
  },
  inputs: {
    reason: 'input-failed',
    advice: 'Look at the log of the sidecar, or give the template a longer limits.pending.',
  },
  other: {
    reason: 'pending-deadline-exceeded',
    advice: 'Look at the events of the Job and of its pod.',
  },
};

/** An invalid name never becomes valid; `inputs` and `other` have only the pending limit. */
export function pendingSeconds(cause: PendingCause, limits: PendingLimits): number {
  if (cause === 'imageName') return 0;
  return cause === 'inputs' || cause === 'other' ? Infinity : limits[cause];
}
