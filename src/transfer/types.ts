import type { Dispatcher } from 'undici';
import type { BackOff } from '../back-off.ts';
import type { Clock } from '../clock.ts';
import type { UploadResource } from '../flow/push.ts';
import type { ResultChoice } from '../flow/flow-plan.ts';
import type { ReadRetry } from '../result/read-object.ts';
import type { StoredManifest } from '../result/read-manifest.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import type { FetchedFile } from './fetch-file.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** The consumer's address that takes the results. */
export interface Sink {
  url: string;
  /** Default: POST, as EDC's own HTTP sink does unless the address has a `method`. */
  method?: 'POST' | 'PUT' | undefined;
  /** May hold secrets. Those that frame the request are ignored; Content-Type and Content-Disposition replace those of the results. */
  headers: Readonly<Record<string, string>>;
}

export interface PushLimits {
  /** An attempt ends after this time in which the sink takes no byte and gives no answer. */
  idleMillis: number;
  /** All attempts and the pauses between them. */
  totalMillis: number;
  /** Gives up after so many attempts in a row that bring the sink no further. */
  attempts: number;
  /** Between attempts. */
  backOff: BackOff;
  /** A longer Retry-After is cut to this. */
  retryAfterMillis: number;
}

export interface Push {
  store: ObjectStore;
  /** Verified. */
  stored: StoredManifest;
  choice: ResultChoice;
  /** Of a single file; default: by its name. */
  contentType?: string | undefined;
  sink: Sink;
  limits: PushLimits;
  clock: Clock;
  /** Reads from the store. */
  retry?: ReadRetry;
  /** One that an earlier process was offered for these results, by this sink. */
  uploadResource?: UploadResource | undefined;
  /** Called with each one that the sink offers. It must not fail. */
  onUploadResource?: (resource: UploadResource) => void;
  /** Bytes of the body that the connection to the sink has taken; fewer than before when the body is sent again. */
  onProgress?: (bytes: number) => void;
}

/** Problems are for people and hold no secret of the sink. */
export type PushResult =
  | { result: 'done'; bytes: number; attempts: number }
  /** Final: the same push would fail again. */
  | { result: 'failed'; problem: string; attempts: number }
  /** Transient: the same push may succeed later. */
  | { result: 'interrupted'; problem: string; attempts: number };

/** One file that is fetched from its provider into the store. */
export interface FileFetch {
  source: Pick<Sink, 'url' | 'headers'>;
  store: StoreAccess;
  /** The key of the object that the file becomes. */
  keyOf: (name: string) => string;
  dispatcher: Dispatcher;
  limits: PushLimits;
  maxBytes: number;
  clock: Clock;
}

/** Problems are for people and hold no secret of the source. */
export type FetchResult =
  | { result: 'done'; file: FetchedFile; bytes: number; attempts: number }
  | Exclude<PushResult, { result: 'done' }>;

/** The end of one attempt. */
export type Verdict =
  | { verdict: 'done' }
  | { verdict: 'failed'; problem: string }
  | { verdict: 'transient'; problem: string; retryAfterMillis?: number | undefined };
