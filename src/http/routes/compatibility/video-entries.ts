import type { CompatibilityEntry } from './compatibility-entry.ts';

const results = '/api/v1/jobs/:job/results';

/** Paths of a service that transcodes a video. */
export const videoEntries: CompatibilityEntry[] = [
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
