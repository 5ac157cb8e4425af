import { describeDownload } from '../../result-operations.ts';
import type { ApiOperation } from '../api-route.ts';
import { ResultsSchema } from './result-schema.ts';

const parameters = { job: 'The job’s id.' };

export const resultsOperation: ApiOperation = {
  operationId: 'listJobResults',
  tag: 'jobs',
  summary: 'List the results of a job',
  parameters,
  responses: {
    '200': { description: 'Its files, each with its address.', schema: ResultsSchema },
    '409': { description: 'It has not ended yet.' },
    '410': { description: 'It has no results, or they are deleted.' },
  },
};

function operation(operationId: string, summary: string, contentType: string): ApiOperation {
  const { responses, ...rest } = describeDownload(operationId, summary, contentType);
  const entries = Object.entries(responses).filter(([status]) => status !== '403');
  const conflict = { description: 'The job has not ended yet.' };
  const own = { ...Object.fromEntries(entries), '409': conflict };
  return { ...rest, tag: 'jobs', parameters, responses: own };
}

export const downloads = {
  'files/*path': {
    ...operation('getJobFile', 'One file of the results of a job', '*/*'),
    parameters: { ...parameters, path: 'The file’s path, each segment percent-encoded.' },
  },
  'archive.zip': operation('getJobZip', 'All files as a zip, stored without compression', 'application/zip'),
  'archive.tar': operation('getJobTar', 'All files as a tar', 'application/x-tar'),
  'manifest.json': operation('getJobManifest', 'Every file with its size and sha256', 'application/json'),
} satisfies Record<string, ApiOperation>;

export type DownloadName = keyof typeof downloads;
