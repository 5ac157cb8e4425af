import type { FailureReason } from '../outcome.ts';

/** What keeps a worker from starting, as far as it can be told apart; `other` is told in Kubernetes' own words alone. */
export type PendingCause =
  'imageName' | 'imagePull' | 'unschedulable' | 'quota' | 'admission' | 'configuration' | 'volume' | 'other';

/** Seconds that a cause is borne with, by the setting's name; never longer than the template's own pending limit. */
export type PendingLimits = Record<Exclude<PendingCause, 'imageName' | 'other'>, number>;

/** One thing that is in the way now. */
export interface PendingDiagnosis {
  cause: PendingCause;
  /** What it is about, and what Kubernetes says of it: one sentence for people. */
  message: string;
  /** RFC 3339; absent where Kubernetes keeps no time, as for what a container waits for. */
  since?: string;
}

/** A blocker as the Job remembers it, with the time at which it was first seen. */
export interface SavedDiagnosis {
  cause: PendingCause;
  message: string;
  since: string;
  /** The UID of the pod that it is about; absent: the Job has no pod. */
  attempt?: string;
}

interface CauseRule {
  reason: FailureReason;
  /** What somebody can do about it. */
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
  other: {
    reason: 'pending-deadline-exceeded',
    advice: 'Look at the events of the Job and of its pod.',
  },
};

/** A name that is no name does not get better; for `other` only the pending limit counts. */
export function pendingSeconds(cause: PendingCause, limits: PendingLimits): number {
  if (cause === 'imageName') return 0;
  return cause === 'other' ? Infinity : limits[cause];
}
