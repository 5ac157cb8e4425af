import { ServiceError } from '../../../errors.ts';
import { pickTemplate } from '../../../template/pick-template.ts';
import { checkSite } from '../../check-site.ts';
import type { HttpContext } from '../../route.ts';
import type { CompatibilityEntry } from './compatibility-entry.ts';

const job = { job: 'The job’s id, the `job_uuid` of its start.' };

/** Paths of a service that starts one job for each GET, and reads single files of its result directory. */
export const jobEntries: CompatibilityEntry[] = [
  {
    method: 'GET',
    path: '/job/deploy',
    operationId: 'deployJob',
    summary: 'Start a job of the default template',
    onto: 'POST /api/v1/jobs',
    answersHead: false,
    startsJob: true,
    rewrite(ctx, { settings, templates }) {
      checkSite(ctx);
      return { body: { template: settings.deployTemplate ?? pickTemplate(templates, undefined).name } };
    },
    answer: {
      change: (body) => ({ job_uuid: (body as { id: string }).id }),
      schema: () => ({
        type: 'object',
        required: ['job_uuid'],
        properties: { job_uuid: { type: 'string', description: 'The job’s id.' } },
      }),
    },
  },
  {
    method: 'GET',
    path: '/job/:job',
    operationId: 'getOneJob',
    summary: 'Look at a job',
    onto: 'GET /api/v1/jobs/:job',
    parameters: job,
  },
  {
    method: 'DELETE',
    path: '/job/:job',
    operationId: 'deleteOneJob',
    summary: 'Delete the results of a job; one that runs is cancelled',
    onto: 'DELETE /api/v1/jobs/:job',
    parameters: job,
  },
  {
    method: 'GET',
    path: '/job/:job/result/list',
    operationId: 'listOneJobResults',
    summary: 'List the results of a job',
    onto: 'GET /api/v1/jobs/:job/results',
    parameters: job,
  },
  {
    method: 'GET',
    path: '/job/:job/result',
    operationId: 'getOneJobResult',
    summary: 'One file of the results of a job',
    onto: 'GET /api/v1/jobs/:job/results/files/*path',
    parameters: job,
    query: { file: 'The file’s path in the list of results.' },
    rewrite: (ctx) => ({ params: { ...ctx.params, path: readFile(ctx) } }),
  },
];

function readFile({ querystring }: HttpContext): string {
  const files = new URLSearchParams(querystring).getAll('file');
  const [file = ''] = files;
  if (files.length === 1 && file !== '') return file;
  throw new ServiceError('invalid-request', 'file: expected the path of one file of the results', {
    field: 'file',
  });
}
