import type { CompatibilityEntry } from './compatibility-entry.ts';

/** Paths of the service itself below the API's prefix. */
export const serviceEntries: CompatibilityEntry[] = [
  {
    method: 'GET',
    path: '/api/v1/health',
    operationId: 'apiHealth',
    summary: 'State of the dependencies',
    onto: 'GET /health',
  },
  {
    method: 'GET',
    path: '/api/v1/ready',
    operationId: 'apiReady',
    summary: 'Whether to send requests here',
    onto: 'GET /health/ready',
  },
  ...['docs', 'redoc'].map((page): CompatibilityEntry => ({
    method: 'GET',
    path: `/api/v1/${page}`,
    operationId: `api${page}`,
    summary: 'The API in a browser',
    onto: `GET /${page}`,
    // Its files are beside it.
    redirect: `../../${page}`,
  })),
];
