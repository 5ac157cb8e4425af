import type { ApiClient } from './api-client.ts';
import { downloadFile, type ResultFile } from './download-file.ts';
import { ResultFolder } from './result-folder.ts';

export interface ResultsDownload {
  client: ApiClient;
  files: readonly ResultFile[];
  folder: string;
  /** Bytes that came, or were there; negative for those that turned out to be wrong. */
  onBytes: (count: number) => void;
}

/** The service lets more than a few downloads wait. */
const concurrency = 4;

/** All paths are looked at before the first file is fetched. The first error ends it; what has come by then is continued by another call. */
export async function downloadResults(
  { client, files, folder, onBytes }: ResultsDownload,
  signal: AbortSignal,
): Promise<{ fetched: number; present: number }> {
  const counts = { fetched: 0, present: 0 };
  const root = new ResultFolder(folder);
  const downloads = [];
  for (const file of files) downloads.push({ client, file, target: await root.place(file), onBytes });
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // One iterator for all: each takes the next file when it is done with one.
  const queue = downloads.values();
  async function work(): Promise<void> {
    for (const download of queue) counts[await downloadFile(download, either)] += 1;
  }
  const workers = Array.from({ length: concurrency }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(workers);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  return counts;
}
