import type { Static } from 'typebox';
import { isServiceError, ServiceError } from '../../../../errors.ts';
import { flowName } from '../../../../flow/names.ts';
import type { FlowView } from '../../../../requests/flow-service.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import type { ResolvedInput, Template } from '../../../../template/template.ts';
import type { Caller } from '../../../access/caller.ts';
import { canBeRetried } from '../jobs/can-be-retried.ts';
import { keyReused } from '../jobs/idempotency-key.ts';
import { planJob, type PlannedJob, type Planning } from '../jobs/start-job.ts';
import { RetrySchema } from './retry-schema.ts';

interface WantedRetry {
  caller: Caller;
  old: FlowView;
  body: object;
  key: string | undefined;
}

const readRetry = bodyReader(RetrySchema);

/** The job again, as one of the caller. Throws `conflict` if that is not possible, `unprocessable` with the parameters that have to be sent. */
export async function planRetry(
  deps: Planning,
  { caller, old, body, key }: WantedRetry,
  signal: AbortSignal,
): Promise<PlannedJob> {
  checkCanBeRetried(old);
  const { template, assetId, labels, parameters, priorityName, priority = priorityName } = old.request;
  const sent = readSent(old, readRetry(body));
  const known = deps.templates.find(({ name }) => name === template);
  const start = {
    ...{ template, assetId, ...split(known, { ...parameters, ...sent }) },
    ...(labels === undefined ? {} : { labels }),
    ...(priority === undefined ? {} : { priority: priorityName ?? priority }),
  };
  let planned: PlannedJob;
  try {
    planned = await planJob(
      deps,
      { caller, body: start, key, retryOf: old.flow, inputs: keptInputs(old) },
      signal,
    );
  } catch (error) {
    if (!isServiceError(error, 'unknown-template')) throw error;
    throw new ServiceError('conflict', `the template of the job is gone: ${error.message}`, { cause: error });
  }
  // Its Job may be gone, and nobody else would notice.
  if (flowName(planned.request) === old.flow) throw keyReused();
  return planned;
}

/** A start may also have given variables of `job.env`, which are kept with its parameters. */
function split(template: Template | undefined, given: Record<string, unknown>) {
  const parameters: Record<string, unknown> = {};
  const environment: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const isVariable = isIn(template?.environment, name) && !isIn(template?.parameters.properties, name);
    (isVariable ? environment : parameters)[name] = value;
  }
  return { parameters, environment };
}

function isIn(members: object | undefined, name: string): boolean {
  return members !== undefined && Object.hasOwn(members, name);
}

/** The same files, or none: what has changed since fails the job. */
function keptInputs({ plan: { inputs = [] } }: FlowView): ResolvedInput[] {
  const lost = inputs.find((input) => 'host' in input);
  if (lost === undefined) return inputs.map((input) => ({ input }));
  const message = `the job cannot be started again: its input ${lost.name} came from a URL, which is not kept; start a job with it`;
  throw new ServiceError('conflict', message);
}

function checkCanBeRetried(old: FlowView): void {
  if (canBeRetried(old)) return;
  const { outcome, plan } = old;
  if (outcome === undefined)
    throw new ServiceError('conflict', 'the job has not ended yet: expected one that has');
  const why = plan.receives === true ? 'it receives data' : `its request was refused: ${plan.refused ?? ''}`;
  throw new ServiceError('conflict', `the job cannot be started again: ${why}`);
}

/** Those that were not kept, and no others: with other parameters it would be another job. */
function readSent(
  { request: { unkept = [] } }: FlowView,
  { parameters = {} }: Static<typeof RetrySchema>,
): Record<string, unknown> {
  const missing = unkept.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length > 0)
    throw refused(
      missing,
      `expected ${missing.join(', ')} in the body, since the job keeps no secret and no large values`,
    );
  const others = Object.keys(parameters).filter((name) => !unkept.includes(name));
  if (others.length > 0)
    throw refused(
      others,
      `expected ${unkept.join(', ') || 'none'}, received ${others.join(', ')}: the job has the others; start a job for other values`,
    );
  return parameters;
}

function refused([first = '']: readonly string[], problem: string): ServiceError {
  return new ServiceError('unprocessable', `parameters: ${problem}`, { field: `parameters.${first}` });
}
