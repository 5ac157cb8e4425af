import { ServiceError } from '../../../../errors.ts';
import type { DryRun, FlowService } from '../../../../requests/flow-service.ts';
import type { DryRunAnswer } from './dry-run-schema.ts';
import type { PlannedJob } from './start-job.ts';

/** Throws `invalid-request` for a value that Kubernetes does not know either. */
export function readDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun');
  if (values.every((value) => value === 'All')) return values.length > 0;
  throw new ServiceError('invalid-request', 'dryRun: expected All, or no such parameter', {
    field: 'dryRun',
  });
}

/** Lets the cluster check a job that has passed the checks of the service. Throws as the start of the job. */
export async function dryRunJob(
  { flows }: { flows: Pick<FlowService, 'dryRun'> },
  { request, rendered }: PlannedJob,
  signal: AbortSignal,
): Promise<DryRunAnswer> {
  const dryRun = await flows.dryRun({ request, rendered }, signal);
  const { template, assetId, caller = '' } = request;
  const { environment, secretEnvironment } = rendered;
  const secrets = Object.keys(secretEnvironment);
  return {
    ...{ template, assetId, environment, secrets, job: dryRun.job },
    checks: [
      { check: 'access', detail: `the key "${caller}" may start jobs of ${template}` },
      { check: 'parameters', detail: 'the parameters are those of the template' },
      { check: 'size', detail: describeSizes(dryRun) },
      { check: 'cluster', detail: `the API server accepts ${describeObjects(dryRun)}` },
    ],
  };
}

function describeSizes({ sizes: { environment, annotations } }: DryRun): string {
  return [
    `the environment has ${environment.bytes} of at most ${environment.limit} bytes`,
    `the annotations of the Job have ${annotations.bytes} of at most ${annotations.limit}`,
  ].join(', ');
}

function describeObjects({ objects }: DryRun): string {
  return objects.map(({ kind, name }) => `${kind} ${name}`).join(', ');
}
