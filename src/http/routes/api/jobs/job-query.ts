import { invalidRequest } from '../../../../errors.ts';
import type { FlowQuery, FlowView } from '../../../../requests/flow-service.ts';
import { ownMember } from '../../../../schemas/schema-problem.ts';
import { checkQuery } from '../check-query.ts';
import { pageQuery, readPage, readStates } from '../list-page.ts';
import { stateOf } from './describe-job.ts';
import { jobStates } from './job-schema.ts';

const time = { type: 'string', format: 'date-time' };

/** Name, operator and value; or the name alone, to be there or not. */
const term = String.raw`\s*(?:([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)|(!?)\s*([^\s!=,()]+))\s*`;

export const jobQuery = {
  state: {
    description: 'Only jobs in one of these states, separated by commas.',
    schema: { type: 'array', minItems: 1, items: { enum: [...jobStates] } },
  },
  template: 'Only jobs of this template.',
  connector: 'Only jobs of this connector; `rest` for those of this API.',
  labelSelector: {
    description:
      'Only jobs with these labels, as `kubectl` selects them: `name=value`, `name!=value`, `name` or `!name`, separated by commas.',
    schema: { type: 'string', pattern: `^${term}(,${term})*$` },
  },
  retryOf: 'Only jobs that repeat the job with this id.',
  since: { description: 'Only jobs that were accepted at this time (RFC 3339) or later.', schema: time },
  until: { description: 'Only jobs that were accepted before this time (RFC 3339).', schema: time },
  ...pageQuery,
};

/** Reads the query of a list. Throws `invalid-request` that names the parameter and the expectation. */
export function readJobQuery(query: URLSearchParams): FlowQuery {
  checkQuery(query, jobQuery);
  const until = readTime(query, 'until');
  const { limit, before } = readPage(query);
  return {
    limit,
    before: before ?? (until === undefined ? undefined : { acceptedAt: until, flow: '' }),
    since: readTime(query, 'since'),
    matches: readFilters(query),
  };
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

function readTime(query: URLSearchParams, name: 'since' | 'until'): string | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const millis = rfc3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(millis)) throw invalidRequest(name, 'a time as 2026-01-31T12:00:00Z');
  return new Date(millis).toISOString();
}

type Filter = (view: FlowView) => boolean;

function readFilters(query: URLSearchParams): Filter {
  const states = readStates(query, jobStates);
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

/** As `kubectl` reads it, without sets. */
function readSelector(text: string | null): Term[] {
  if (text === null) return [];
  return text.split(',').map((one) => {
    const [, name, operator, value, not, alone] = new RegExp(`^${term}$`).exec(one) ?? [];
    if (name !== undefined) return (labels) => (ownMember(labels, name) === value) === (operator !== '!=');
    if (alone !== undefined) return (labels) => Object.hasOwn(labels, alone) === (not === '');
    throw invalidRequest(
      'labelSelector',
      '`name=value`, `name!=value`, `name` or `!name`, separated by commas',
    );
  });
}
