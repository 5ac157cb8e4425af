/** Closed union: every failure the service itself raises. A failed *job* is data (`flow/outcome.ts`), never one of these. */
export type ErrorCode =
  // input
  | 'invalid-config'
  | 'invalid-template'
  | 'invalid-request'
  | 'invalid-parameters'
  | 'invalid-env-file'
  | 'invalid-input'
  | 'refused-template'
  | 'payload-too-large'
  | 'unsupported-media-type'
  | 'unknown-connector'
  | 'unauthorized'
  | 'unknown-template'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'expectation-failed'
  | 'gone'
  | 'conflict'
  | 'unprocessable'
  | 'invalid-batch'
  | 'key-reused'
  | 'condition-failed'
  | 'range-not-satisfiable'
  // the cluster
  | 'cluster-exists'
  | 'cluster-conflict'
  | 'cluster-not-found'
  | 'cluster-expired'
  | 'cluster-refused'
  | 'dry-run-refused'
  | 'cluster-unavailable'
  | 'cluster-over-quota'
  | 'quota-allows-none'
  // the object store
  | 'bucket-missing'
  | 'object-missing'
  | 'precondition-failed'
  | 'store-refused'
  | 'store-forbidden'
  | 'store-unavailable'
  // the service itself
  | 'unavailable'
  | 'deadline-exceeded'
  | 'internal';

export interface ServiceErrorOptions {
  cause?: unknown;
  /** The wrong member, setting, parameter or file, as its author wrote it. */
  field?: string | undefined;
  /** Each wrong member of a body, if there may be several. */
  problems?: readonly BodyProblem[];
}

export interface BodyProblem {
  /** Of the member in the body. */
  path: readonly (string | number)[];
  detail: string;
}

/** The one error class. `message` is for the person or program that caused it: it never holds a secret. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly problems: readonly BodyProblem[];

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.problems = options.problems ?? [];
  }
}

/** A request whose member or parameter `field` is not what is expected. */
export function invalidRequest(
  field: string,
  expected: string,
  options: { cause?: unknown } = {},
): ServiceError {
  return new ServiceError('invalid-request', `${field}: expected ${expected}`, { field, ...options });
}

export function isServiceError(error: unknown, ...codes: ErrorCode[]): error is ServiceError {
  return error instanceof ServiceError && (codes.length === 0 || codes.includes(error.code));
}

/** The cluster or the store as a whole is out of reach: the next call would fail too. */
export function isOutOfReach(error: unknown): boolean {
  return isServiceError(error, 'cluster-unavailable', 'store-unavailable', 'store-forbidden');
}

/** For messages: the text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
