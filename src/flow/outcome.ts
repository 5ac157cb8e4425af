/** Bounded: annotations share 256 KiB, and the start of a message says what happened. */
export const outcomeMessageLimit = 2000;

export interface ResultsSummary {
  /** Pod UID of the one attempt whose results are handed out. */
  attempt: string;
  files: number;
  bytes: number;
  manifestSha256: string;
  manifestEtag: string;
}

/** `detail`: the last lines of the worker's log, for the provider alone. They may be private, so they are never sent to a connector. */
export type Outcome =
  | { phase: 'succeeded'; at: string; results: ResultsSummary }
  | { phase: 'failed'; at: string; reason: FailureReason; message: string; detail?: string }
  | { phase: 'cancelled'; at: string; reason: CancelReason; message: string };

/** Why a flow failed: a closed union that grows. Sent to the connector, kept in the record, counted in metrics. */
export type FailureReason =
  /** No template serves the request, or not with its parameters. */
  | 'request-refused'
  | 'preparation-refused'
  | 'image-name-invalid'
  | 'image-not-pulled'
  | 'unschedulable'
  | 'quota-exceeded'
  | 'admission-refused'
  | 'configuration-missing'
  | 'volume-not-mounted'
  | 'pending-deadline-exceeded'
  /** An input was missing, changed or refused, or could not be fetched in time. */
  | 'input-failed'
  | 'run-deadline-exceeded'
  | 'upload-deadline-exceeded'
  | 'worker-failed'
  | 'worker-out-of-memory'
  | 'attempt-disrupted'
  | 'attempt-lost'
  /** The pod was marked for deletion and its node did not report its end. */
  | 'node-lost'
  /** The Job's own activeDeadlineSeconds: the backstop if no reconciler runs. */
  | 'job-deadline-exceeded'
  /** The pod wrote more than its volumes or its disk limit allow. */
  | 'storage-exceeded'
  | 'delivery-refused'
  /** The connector's sink did not take the results. */
  | 'push-failed'
  /** The provider of a consumer's flow did not give the data. */
  | 'fetch-failed'
  | 'upload-failed'
  | 'results-missing'
  | 'results-changed'
  | 'results-incomplete'
  /** The store was out of reach for as long as a delivery may take. */
  | 'results-unverified'
  | 'bucket-missing';

export type CancelReason = 'deprovisioned' | 'cancelled-by-user' | 'job-deleted' | 'transfer-ended';

/** Asks for the end of a flow; the reconciler turns it into the outcome. */
export interface CancelRequest {
  reason: CancelReason;
  at: string;
  /** One sentence for people, where there is more to say than the reason. */
  message?: string;
}

/** Where the connector fetches the bytes. Each dialect can carry some of these kinds. */
export type DataAddress = HttpDataAddress | S3DataAddress;

/** Fetched with a plain GET, through the service or straight from the store. */
export interface HttpDataAddress {
  type: 'HttpData';
  /** The whole address, percent-encoded. */
  baseUrl: string;
  method: 'GET';
  contentType?: string;
  /** Absent for a presigned address, and if nobody is named who fetches. */
  bearer?: BearerAccess;
}

/** Objects of the store, with keys that read them and nothing else. */
export interface S3DataAddress {
  type: 'AmazonS3';
  /** As the receiver reaches it. */
  endpoint: string;
  region: string;
  bucket: string;
  objects: ReadableObjects;
  keys: TemporaryKeys;
}

/** One object, or all whose keys start with the prefix, which ends in `/`. */
export type ReadableObjects = { key: string } | { prefix: string };

export interface TemporaryKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** RFC 3339. */
  expiration: string;
}

/** Where a provider sends the bytes of a flow that receives. */
export interface InboxAddress {
  /** Has the token in its path. */
  url: string;
  /** The same inbox at a URL without a secret, for a token in the header `Authorization`. */
  bearer: { url: string; token: string };
}

/** The same bytes at a URL without a secret, for a token in the header `Authorization`. */
export interface BearerAccess {
  url: string;
  /** Valid as long as the address, for a consumer that cannot renew it. */
  lastingToken: string;
  /** For a consumer that can. */
  renewal: {
    accessToken: string;
    /** Seconds. */
    expiresIn: number;
    refreshToken: string;
    refreshUrl: string;
  };
}
