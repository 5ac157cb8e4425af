import type { JobRouteDeps } from '../../../src/http/routes/api/jobs/job-routes.ts';
import { noEnvFiles } from '../../support/no-env-files.ts';
import { memoryFlows, noInputs } from './memory-flows.ts';
import { noInputFiles } from './no-input-files.ts';

/** What the routes of jobs need, without templates and flows. */
export function jobRouteDeps(flows = memoryFlows()): JobRouteDeps {
  return {
    flows,
    templates: [],
    envFiles: noEnvFiles,
    inputFiles: noInputFiles,
    inputs: noInputs,
    priorities: {},
    progressOf: () => Promise.resolve(undefined),
    now: () => new Date(0),
    newId: () => 'id',
    publicUrl: 'http://jobs.example.org',
    stopping: new AbortController().signal,
  };
}
