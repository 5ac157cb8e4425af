export interface ObjectInfo {
  key: string;
  /** Bytes. */
  size: number;
  /** Without quotes. */
  etag: string;
}

/** A small object as it was at one moment. `bytes` is absent if there are more of them than the caller wanted. */
export interface WholeObject extends ObjectInfo {
  bytes?: Buffer;
}

/** First and last byte, both included, as in an HTTP Range. */
export interface ByteRange {
  first: number;
  last: number;
}

/** A part of the object with this ETag; if another one is there, `precondition-failed`. */
export interface ObjectPart extends ByteRange {
  etag: string;
}

export interface ObjectToPut {
  key: string;
  body: Buffer;
  contentType: string;
}

export interface PresignOptions {
  expirySeconds: number;
  contentType: string;
  /** Sent as the file name of Content-Disposition. */
  fileName: string;
}

export interface PartToPresign {
  key: string;
  uploadId: string;
  number: number;
  expirySeconds: number;
}

/**
 * All that the service asks of an S3 server. One attempt per call, bounded by the signal: the caller repeats. Throws ServiceError
 * `bucket-missing`, `object-missing`, `precondition-failed`, `store-forbidden` (401 and 403, until somebody corrects keys, rights or a
 * clock), `store-refused` (any other 4xx) or `store-unavailable` (5xx, connection, deadline).
 */
export interface ObjectStore extends ObjectWrites {
  /**
   * Resolves when the store has answered. The bytes end with an error when the signal aborts or the store ends early; only a reader that
   * has started, or the signal, ends the request. The reader owns the chunks.
   */
  get(key: string, part: ObjectPart, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** Undefined if there is no such object; a missing bucket throws `bucket-missing`. */
  head(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined>;
  /** The whole object in one request, if it is not larger than the limit; undefined as for `head`. */
  read(key: string, limitBytes: number, signal: AbortSignal): Promise<WholeObject | undefined>;
  /** In pages of 1,000, in key order. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<ObjectInfo>;
  /** For the receiver: signed for the store's public endpoint, without network I/O. */
  presignGet(key: string, options: PresignOptions): Promise<string>;
  /** The same for a PUT of one part of an upload. */
  presignPart(part: PartToPresign): Promise<string>;
  /** Throws as above when the store or the bucket is out of reach. */
  check(signal: AbortSignal): Promise<void>;
}

/** Some of the uploads below a prefix. */
export interface UploadsBelow {
  prefix: string;
  isMeant: (key: string) => boolean;
}

/** The operations that change the bucket. */
export interface ObjectWrites {
  put(object: ObjectToPut, signal: AbortSignal): Promise<{ etag: string }>;
  /** In batches of 1,000; absent keys are no error. */
  remove(keys: AsyncIterable<string> | Iterable<string>, signal: AbortSignal): Promise<void>;
  /** Aborts the unfinished multipart uploads below the prefix and returns how many there were. */
  abortUploads(below: string | UploadsBelow, signal: AbortSignal): Promise<number>;
}
