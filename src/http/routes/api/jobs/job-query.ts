import { ServiceError } from '../../../../errors.ts';
import { isFlowName } from '../../../../flow/names.ts';
import type { RecordedFlow } from '../../../../flow/keys.ts';
import type { FlowQuery, FlowView } from '../../../../requests/flow-service.ts';
import { ownMember } from '../../../../schemas/schema-problem.ts';
import { stateOf } from './describe-job.ts';
import { jobStates } from './job-schema.ts';

const limits = { default: 50, max: 200 };

const time = { type: 'string', format: 'date-time' };

export const jobQuery = {
  state: {
    description: 'Only jobs in one of these states, separated by commas.',
    schema: { type: 'array', minItems: 1, items: { enum: [...jobStates] } },
  },
  template: 'Only jobs of this template.',
  connector: 'Only jobs of this connector; `rest` for those of this API.',
  labelSelector:
    'Only jobs with these labels, as `kubectl` selects them: `name=value`, `name!=value`, `name` or `!name`, separated by commas.',
  retryOf: 'Only jobs that repeat the job with this id.',
  since: { description: 'Only jobs that were accepted at this time (RFC 3339) or later.', schema: time },
  until: { description: 'Only jobs that were accepted before this time (RFC 3339).', schema: time },
  limit: {
    description: 'Jobs of one page.',
    schema: { type: 'integer', minimum: 1, maximum: limits.max, default: limits.default },
  },
  cursor: 'The value of `next` of the page before.',
};

/** Reads the query of a list. Throws `invalid-request` that names the parameter and the expectation. */
export function readJobQuery(query: URLSearchParams): FlowQuery {
  for (const name of query.keys()) {
    if (!Object.hasOwn(jobQuery, name)) throw refused(name, `one of ${Object.keys(jobQuery).join(', ')}`);
    if (query.getAll(name).length > 1) throw refused(name, 'one value');
  }
  const until = readTime(query, 'until');
  const cursor = readCursor(query);
  return {
    limit: readLimit(query),
    before: cursor ?? (until === undefined ? undefined : { acceptedAt: until, flow: '' }),
    since: readTime(query, 'since'),
    matches: readFilters(query),
  };
}

export function writeCursor({ acceptedAt, flow }: RecordedFlow): string {
  return Buffer.from(`${acceptedAt} ${flow}`).toString('base64url');
}

function readCursor(query: URLSearchParams): RecordedFlow | undefined {
  const text = query.get('cursor');
  if (text === null) return undefined;
  const [acceptedAt = '', flow] = Buffer.from(text, 'base64url').toString().split(' ');
  const isPlace = flow === '' || (flow !== undefined && isFlowName(flow));
  if (!isPlace || Number.isNaN(Date.parse(acceptedAt)))
    throw refused('cursor', 'the value of `next` of a page');
  return { acceptedAt, flow };
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit') ?? String(limits.default);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > limits.max) throw refused('limit', `a number from 1 to ${limits.max}`);
  return limit;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

function readTime(query: URLSearchParams, name: 'since' | 'until'): string | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const millis = rfc3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(millis)) throw refused(name, 'a time as 2026-01-31T12:00:00Z');
  return new Date(millis).toISOString();
}

type Filter = (view: FlowView) => boolean;

function readFilters(query: URLSearchParams): Filter {
  const states = query.get('state')?.split(',');
  const unknown = states?.find((state) => !(jobStates as readonly string[]).includes(state));
  if (unknown !== undefined) throw refused('state', `one of ${jobStates.join(', ')}`);
  const [template, connector] = [query.get('template'), query.get('connector')];
  const retryOf = query.get('retryOf');
  const labels = readSelector(query.get('labelSelector'));
  return (view) =>
    (states === undefined || states.includes(stateOf(view))) &&
    (template === null || view.plan.template === template) &&
    (connector === null || view.request.connector === connector) &&
    (retryOf === null || view.request.retryOf === retryOf) &&
    labels.every((matchesTerm) => matchesTerm(view.request.labels ?? {}));
}

type Term = (labels: Readonly<Record<string, string>>) => boolean;

/** Name, operator and value; or the name alone, to be there or not. */
const term = /^\s*(?:([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)|(!?)\s*([^\s!=,()]+))\s*$/;

/** As `kubectl` reads it, without sets. */
function readSelector(text: string | null): Term[] {
  if (text === null) return [];
  return text.split(',').map((one) => {
    const [, name, operator, value, not, alone] = term.exec(one) ?? [];
    if (name !== undefined) return (labels) => (ownMember(labels, name) === value) === (operator !== '!=');
    if (alone !== undefined) return (labels) => Object.hasOwn(labels, alone) === (not === '');
    throw refused('labelSelector', '`name=value`, `name!=value`, `name` or `!name`, separated by commas');
  });
}

function refused(field: string, expected: string): ServiceError {
  return new ServiceError('invalid-request', `${field}: expected ${expected}`, { field });
}
