import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

/**
 * Preloaded into the service (`--import`): counts its requests to the cluster (undici) and to the store (node:http), and
 * writes the counts to a file when the process exits.
 */
const counts: Record<string, number> = { cluster: 0, store: 0 };
const file = process.env['BENCH_COUNTS'];

subscribe('undici:request:create', (message) => {
  const { path } = (message as { request: { path: string } }).request;
  if (/^\/(api|apis)\//.test(path)) counts['cluster'] = (counts['cluster'] ?? 0) + 1;
});
subscribe('http.client.request.start', () => {
  counts['store'] = (counts['store'] ?? 0) + 1;
});
process.once('exit', () => {
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
});
