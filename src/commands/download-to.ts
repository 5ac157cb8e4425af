import { countFiles } from '../client/describe-end.ts';
import { DownloadProgress } from '../client/download-progress.ts';
import { downloadResults } from '../client/download-results.ts';
import { getResults } from '../client/jobs.ts';
import { formatBytes } from '../client/table.ts';
import type { Remote } from './remote.ts';

/** Downloads all files of a job; a repeat continues. */
export async function downloadTo(
  { client, interruption: { signal } }: Remote,
  { id, folder }: { id: string; folder: string },
): Promise<void> {
  const { files } = await getResults(client, id, signal);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const progress = new DownloadProgress(process.stderr, total);
  function onBytes(count: number): void {
    progress.add(count);
  }
  try {
    const { fetched, present } = await downloadResults({ client, files, folder, onBytes }, signal);
    progress.clear();
    const before = present === 0 ? '' : `, ${present} of them there before`;
    const size = formatBytes(total);
    process.stderr.write(`${countFiles(fetched + present)}, ${size}, in ${folder}${before}\n`);
  } catch (error) {
    progress.clear();
    process.stderr.write(`Continue with: edc-job-provisioner results ${id} -o ${folder}\n`);
    throw error;
  }
}
