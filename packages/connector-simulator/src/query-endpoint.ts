import { isObject, json, parseObject, problem } from './api-answer.ts';
import type { ApiAnswer, ApiRequest } from './api-answer.ts';
import { namespace } from './data-address.ts';
import { describeProcess, type ManagedTransfer } from './management-endpoint.ts';

const managementContext = 'https://w3id.org/edc/connector/management/v2';

/** A connector's own default for a request without a limit. */
const defaultLimit = 50;

interface Query {
  readonly limit: number;
  readonly offset: number;
  /** Undefined: all transfers. */
  readonly ids: readonly string[] | undefined;
}

/** `POST …/transferprocesses/request`: the transfers that a QuerySpec selects. Only `id` with `=` and `in` is supported. */
export function answerQuery(processes: readonly ManagedTransfer[], request: ApiRequest): ApiAnswer {
  const body = parseObject(request.body);
  if (body === undefined) return problem(400, 'InvalidRequest', 'Failed to read object');
  const query = readQuery(body, { strict: request.path.startsWith('/management/v4/') });
  if (typeof query === 'string') return problem(400, 'ValidationFailure', query);
  const selected = processes.filter(({ id }) => query.ids?.includes(id) ?? true);
  const page = selected.slice(query.offset, query.offset + query.limit);
  return json(200, page.map(describeProcess));
}

/** The query, or a description of what is wrong with it. `strict`: from v4 on a JSON schema is checked first. */
function readQuery(body: Record<string, unknown>, { strict }: { strict: boolean }): Query | string {
  if (strict && !isTyped(body)) return 'required property missing or not allowed: @context, @type';
  if (!plainNamesWork(body['@context'])) return { limit: defaultLimit, offset: 0, ids: undefined };
  const { limit = defaultLimit, offset = 0, filterExpression = [] } = body;
  if (!isAtLeast(limit, 1)) return `optional value '${namespace}limit' must be greater than zero`;
  if (!isAtLeast(offset, 0)) return `optional value '${namespace}offset' must be greater or equal to zero`;
  const ids = readCriteria(asList(filterExpression), { strict });
  return typeof ids === 'string' ? ids : { limit, offset, ids };
}

function isTyped(body: Record<string, unknown>): boolean {
  return body['@type'] === 'QuerySpec' && namesContext(body['@context']);
}

function readCriteria(
  [criterion, ...others]: unknown[],
  { strict }: { strict: boolean },
): string[] | undefined | string {
  if (others.length > 0) return 'the simulator supports one criterion';
  return criterion === undefined ? undefined : readCriterion(criterion, { strict });
}

function readCriterion(criterion: unknown, { strict }: { strict: boolean }): string[] | string {
  if (!isObject(criterion)) return 'filterExpression is not a list of criteria';
  if (strict && criterion['@type'] !== 'Criterion') return 'required property missing: @type';
  const { operandLeft, operator, operandRight = [] } = criterion;
  if (operandLeft !== 'id') return `Querying by ${String(operandLeft)} is not supported`;
  const values = asList(operandRight).map(String);
  if (values.length === 0) return `mandatory array '${namespace}operandRight' is missing`;
  if (operator === 'in') return values;
  if (operator !== '=') return `Operator ${String(operator)} is not supported`;
  return values.length < 2 ? values : 'operandRight cannot contain multiple values as the operator is not in';
}

function isAtLeast(value: unknown, least: number): value is number {
  return typeof value === 'number' && value >= least;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** JSON-LD drops plain names without a context, and a query without members selects all. */
function plainNamesWork(context: unknown): boolean {
  return namesContext(context) || (isObject(context) && context['@vocab'] === namespace);
}

function namesContext(context: unknown): boolean {
  return Array.isArray(context) && context.includes(managementContext);
}
