import { readLog } from '../client/follow-log.ts';
import { followJob } from '../client/jobs.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { readArguments } from './command-line.ts';
import { logOutput } from './log-output.ts';
import { readOne, remoteHelp, remoteOptions, withService, type Remote } from './remote.ts';

const help = `Usage: edc-job-provisioner logs <id> [options]

Prints the log of a job's worker, also when its pod is gone.

  --follow         wait for its start, and go on until it has ended
  --tail N         so many lines from the end
  --since T        only lines from this time on (2026-01-31T12:00:00Z), or of this time until now (90s, 10m, 2h, 1d)
  --timestamps     with the time of each line
  --container NAME worker (default) or uploader
  --attempt UID    that of a pod of the job (default: the latest)
${remoteHelp}
Example: edc-job-provisioner logs flow-jwroyrlh3jlyj3a5fcv2ug6o3a --follow
`;

export async function logsCommand(args: string[]): Promise<void> {
  const read = readArguments('logs', help, {
    args,
    allowPositionals: true,
    options: {
      ...remoteOptions,
      follow: { type: 'boolean', default: false },
      tail: { type: 'string' },
      since: { type: 'string' },
      timestamps: { type: 'boolean', default: false },
      container: { type: 'string' },
      attempt: { type: 'string' },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const { follow, timestamps, container, attempt, tail: tailLines } = values;
  const query = {
    ...{ id: readOne('logs', 'the id of one job', positionals), follow, timestamps },
    ...{ container, attempt, tailLines, sinceTime: sinceTimeOf(values.since) },
  };
  await withService(values, async (remote) => {
    if (follow) await untilStarted(remote, query.id);
    await untilUnread(remote, async (signal) => {
      await readLog(remote.client, { ...query, write: logOutput(process.stdout) }, signal);
    });
  });
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The service checks anything else. */
function sinceTimeOf(since: string | undefined): string | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(since ?? '') ?? [];
  if (count === undefined) return since;
  return new Date(Date.now() - Number(count) * (units[unit] ?? 0) * 1000).toISOString();
}

async function untilStarted({ client, interruption }: Remote, id: string): Promise<void> {
  await followJob(client, { id, onChange: () => undefined, isLast: hasStarted }, interruption.signal);
}

function hasStarted({ state }: Job): boolean {
  return state !== 'accepted' && state !== 'pending';
}

/** `logs | head` closes the output early, which is not an error. */
async function untilUnread(
  { interruption }: Remote,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const closed = new AbortController();
  function onClose(): void {
    closed.abort();
  }
  process.stdout.once('error', onClose);
  try {
    await act(AbortSignal.any([interruption.signal, closed.signal]));
  } catch (error) {
    if (!closed.signal.aborted) throw error;
  } finally {
    process.stdout.off('error', onClose);
  }
}
