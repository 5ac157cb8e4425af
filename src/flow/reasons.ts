/** Why a flow failed: a closed union that grows. Told to the connector, kept in the record, counted in metrics. */
export type FailureReason =
  | 'preparation-refused'
  | 'pending-deadline-exceeded'
  | 'run-deadline-exceeded'
  | 'upload-deadline-exceeded'
  | 'worker-failed'
  | 'worker-out-of-memory'
  | 'attempt-disrupted'
  | 'attempt-lost'
  | 'delivery-refused'
  | 'upload-failed'
  | 'results-missing'
  | 'results-changed'
  | 'results-incomplete'
  | 'bucket-missing';

export type CancelReason = 'deprovisioned' | 'cancelled-by-user' | 'job-deleted' | 'transfer-ended';
