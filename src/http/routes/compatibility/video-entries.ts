import type { HttpContext } from '../../route.ts';
import { uploadBody } from '../api/uploads/upload-operations.ts';
import type { RewrittenRequest } from './call-route.ts';
import type { CompatibilityEntry, RewriteDeps } from './compatibility-entry.ts';
import { requireTemplate } from './require-template.ts';

const results = '/api/v1/jobs/:job/results';

/** Paths of a service that transcodes a video. */
export const videoEntries: CompatibilityEntry[] = [
  {
    method: 'POST',
    path: '/api/v1/upload',
    operationId: 'uploadVideo',
    summary: 'Hand in a file, and start a job that has it as its input',
    onto: 'POST /api/v1/jobs',
    startsJob: true,
    body: uploadBody,
    rewrite: startWithUpload,
    answer: {
      change: (job) => ({ job_id: (job as { id: string }).id, ...(job as object) }),
      schema: (schema) => withJobId(schema),
    },
  },
  {
    method: 'GET',
    path: '/api/v1/download/:job',
    operationId: 'downloadResult',
    summary: 'The only file of the results of a job, or a zip of all',
    onto: `GET ${results}/files/*path`,
    parameters: { job: 'The job’s id.' },
    async rewrite(ctx, { ask }) {
      const { files } = (await ask(ctx, `GET ${results}`, {})) as { files: { path: string }[] };
      const [first] = files;
      return files.length === 1 && first !== undefined
        ? { params: { ...ctx.params, path: first.path } }
        : { onto: `GET ${results}/archive.zip` };
    },
  },
];

async function startWithUpload(
  ctx: HttpContext,
  { settings, templates, ask }: RewriteDeps,
): Promise<RewrittenRequest> {
  const { uploadTemplate: template, uploadInput: input } = settings;
  requireTemplate(templates, 'uploadTemplate', template);
  // The file takes as long as it is large; each wait for a byte has a bound of its own.
  ctx.state.receives = true;
  const { id } = (await ask(ctx, 'POST /api/v1/uploads', {})) as { id: string };
  return {
    body: { template, inputs: { [input]: { upload: id } } },
    undo: { onto: 'DELETE /api/v1/uploads/:upload', params: { upload: id } },
  };
}

function withJobId({
  properties = {},
  required = [],
  ...schema
}: {
  properties?: object;
  required?: string[];
}) {
  const id = { type: 'string', description: 'The job’s id.' };
  return { ...schema, required: ['job_id', ...required], properties: { job_id: id, ...properties } };
}
