/** One finding about one field, as a real server puts it into `details.causes`. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

/** What a message is about: `{ plural: 'jobs', group: 'batch', kind: 'Job' }`. */
export interface ErrorSubject {
  plural: string;
  group: string;
  kind: string;
}

/** A refusal of the API server: HTTP code, machine-readable reason, and what it is about. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(status: { code: number; reason: string; message: string; details?: StatusDetails }) {
    super(status.message);
    this.code = status.code;
    this.reason = status.reason;
    this.details = status.details;
  }

  /** The `Status` object that is the body of the answer. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

export function notFound(subject: ErrorSubject, name: string): StatusError {
  const message = `${qualified(subject)} "${name}" not found`;
  return new StatusError({ code: 404, reason: 'NotFound', message, details: detailsOf(subject, name) });
}

export function alreadyExists(subject: ErrorSubject, name: string): StatusError {
  const message = `${qualified(subject)} "${name}" already exists`;
  return new StatusError({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(subject, name) });
}

export function conflict(subject: ErrorSubject, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`;
  return new StatusError({ code: 409, reason: 'Conflict', message, details: detailsOf(subject, name) });
}

export function forbidden(message: string, details: StatusDetails): StatusError {
  return new StatusError({ code: 403, reason: 'Forbidden', message, details });
}

export function invalid(subject: ErrorSubject, name: string, causes: Cause[]): StatusError {
  const findings = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  const list = findings.length === 1 ? findings.join('') : `[${findings.join(', ')}]`;
  const message = `${kind} "${name}" is invalid: ${list}`;
  const details = { ...detailsOf(subject, name), kind: subject.kind, causes };
  return new StatusError({ code: 422, reason: 'Invalid', message, details });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

/** `jobs.batch`, or `pods` in the core group. */
export function qualified(subject: ErrorSubject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
}

/** What a Status is about. */
export function detailsOf(subject: ErrorSubject, name: string): StatusDetails {
  return { name, ...(subject.group === '' ? {} : { group: subject.group }), kind: subject.plural };
}
