import { isServiceError, type BodyProblem, type ErrorCode } from '../errors.ts';
import type { HttpContext } from './route.ts';

/** RFC 9457. `type` is stable: programs may compare it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The member, header or parameter at fault. */
  field?: string;
  /** Each wrong member of a body that has many, by its JSON pointer. */
  errors?: { pointer: string; detail: string }[];
}

type ProblemMembers = Omit<Problem, 'type'> & { code: string; [member: string]: unknown };

export function buildProblem({ code, ...problem }: ProblemMembers): Problem {
  return { type: `urn:edc-job-provisioner:problem:${code}`, ...problem };
}

export function sendProblem(ctx: Pick<HttpContext, 'status' | 'body' | 'type'>, problem: Problem): void {
  ctx.status = problem.status;
  ctx.body = JSON.stringify(problem);
  ctx.type = 'application/problem+json';
}

/** Shows the message of a `ServiceError` whose kind allows it, and no other text: no stack, no address, no secret. */
export function problemOf(error: unknown): Problem {
  if (isServiceError(error)) {
    const { status, title, shown = true } = kinds[error.code];
    const detail = shown
      ? error.message
      : 'Nothing could be stored or read; the same request may succeed later.';
    const field = error.field === undefined ? {} : { field: error.field };
    const errors = withPointers.includes(error.code) ? { errors: error.problems.map(describeProblem) } : {};
    return buildProblem({ code: error.code, title, status, detail, ...field, ...errors });
  }
  const detail = 'An unexpected error; the log of the service has its cause.';
  return buildProblem({ code: 'internal', title: internal.title, status: internal.status, detail });
}

/** Errors of bodies that are too large for one sentence. */
const withPointers: ErrorCode[] = ['invalid-batch', 'refused-template'];

function describeProblem({ path, detail }: BodyProblem): { pointer: string; detail: string } {
  // RFC 6901.
  const steps = path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return { pointer: steps.join(''), detail };
}

interface Kind {
  status: number;
  title: string;
  /** False for messages about the cluster and the store, which name addresses that clients must not see. */
  shown?: boolean;
}

const unavailable: Kind = { status: 503, title: 'Temporarily unavailable', shown: false };
const internal: Kind = { status: 500, title: 'Internal error', shown: false };

const kinds: Record<ErrorCode, Kind> = {
  'invalid-config': internal,
  'invalid-template': internal,
  'invalid-request': { status: 400, title: 'Invalid request' },
  'invalid-parameters': { status: 400, title: 'Invalid parameters' },
  'invalid-env-file': { status: 422, title: 'Invalid env file' },
  'invalid-input': { status: 422, title: 'Input cannot be used' },
  'refused-template': { status: 422, title: 'Invalid template' },
  'payload-too-large': { status: 413, title: 'Body too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'unknown-connector': { status: 404, title: 'Not found' },
  unauthorized: { status: 401, title: 'Unauthorized' },
  'unknown-template': { status: 404, title: 'Unknown template' },
  forbidden: { status: 403, title: 'Forbidden' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'not-acceptable': { status: 406, title: 'Not acceptable' },
  'expectation-failed': { status: 417, title: 'Expectation failed' },
  gone: { status: 410, title: 'Gone' },
  'key-reused': { status: 422, title: 'Idempotency-Key used before' },
  'condition-failed': { status: 412, title: 'Precondition failed' },
  'invalid-batch': { status: 422, title: 'Invalid batch' },
  unprocessable: { status: 422, title: 'Cannot be processed' },
  conflict: { status: 409, title: 'Conflict' },
  'range-not-satisfiable': { status: 416, title: 'Range not satisfiable' },
  'cluster-exists': unavailable,
  'cluster-conflict': unavailable,
  'cluster-not-found': unavailable,
  'cluster-expired': unavailable,
  // The API server refuses this Job; a repeat would not change that.
  'cluster-refused': { status: 422, title: 'Refused by the cluster', shown: false },
  'dry-run-refused': { status: 422, title: 'Refused by the cluster' },
  'cluster-unavailable': unavailable,
  'cluster-over-quota': unavailable,
  // A connector would repeat a 503 endlessly and delay its other transfers.
  'quota-allows-none': { status: 422, title: 'Refused by a quota of the cluster' },
  'bucket-missing': unavailable,
  'object-missing': unavailable,
  'precondition-failed': unavailable,
  'store-refused': unavailable,
  'store-forbidden': unavailable,
  'store-unavailable': unavailable,
  unavailable: { ...unavailable, shown: true },
  'deadline-exceeded': unavailable,
  internal,
};

export const problemSchema = {
  type: 'object',
  description: 'An error (RFC 9457).',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', description: 'Stable: urn:edc-job-provisioner:problem:<code>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'Names the field and the expected value.' },
    field: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Of a batch or a template: each wrong member of the body.',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'RFC 6901, for example /jobs/3/parameters/YEAR' },
          detail: { type: 'string' },
        },
      },
    },
  },
};
