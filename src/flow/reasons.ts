/** Why a flow failed: a closed union that grows. Sent to the connector, kept in the record, counted in metrics. */
export type FailureReason =
  | 'preparation-refused'
  | 'image-name-invalid'
  | 'image-not-pulled'
  | 'unschedulable'
  | 'quota-exceeded'
  | 'admission-refused'
  | 'configuration-missing'
  | 'volume-not-mounted'
  | 'pending-deadline-exceeded'
  | 'run-deadline-exceeded'
  | 'upload-deadline-exceeded'
  | 'worker-failed'
  | 'worker-out-of-memory'
  | 'attempt-disrupted'
  | 'attempt-lost'
  /** The pod was told to end and its node has not said that it did. */
  | 'node-lost'
  /** The Job's own activeDeadlineSeconds: the backstop for the time in which no reconciler runs. */
  | 'job-deadline-exceeded'
  /** The pod wrote more than its volumes or its disk limit allow. */
  | 'storage-exceeded'
  | 'delivery-refused'
  | 'upload-failed'
  | 'results-missing'
  | 'results-changed'
  | 'results-incomplete'
  /** The store could not be asked for them for as long as a delivery may take. */
  | 'results-unverified'
  | 'bucket-missing';

export type CancelReason = 'deprovisioned' | 'cancelled-by-user' | 'job-deleted' | 'transfer-ended';
