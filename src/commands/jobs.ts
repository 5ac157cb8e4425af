import { listJobs } from '../client/jobs.ts';
import { printableLine } from '../client/printable.ts';
import { formatTable } from '../client/table.ts';
import type { Job } from '../http/routes/api/jobs/job-schema.ts';
import { readArguments, UsageError } from './command-line.ts';
import { readPairs } from './pairs.ts';
import { remoteHelp, remoteOptions, withService } from './remote.ts';

const help = `Usage: edc-job-provisioner jobs [options]

Lists jobs, the latest first: those of people and of connectors.

  --state STATE       only jobs in this state, for example running; several with commas
  --template NAME     only jobs of this template
  --connector NAME    only jobs of this connector; rest for those of people
  --label NAME=VALUE  only jobs with this label; may be repeated
  --limit N           at most so many (default: 50)
  --json              print a JSON list instead of a table
${remoteHelp}
Example: edc-job-provisioner jobs --state pending,running
`;

export async function jobsCommand(args: string[]): Promise<void> {
  const read = readArguments('jobs', help, {
    args,
    options: {
      ...remoteOptions,
      state: { type: 'string' },
      template: { type: 'string' },
      connector: { type: 'string' },
      label: { type: 'string', multiple: true, default: [] },
      limit: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { values } = read;
  const { state, template, connector, label, json } = values;
  const labels = Object.entries(readPairs('label', label)).map(([name, value]) => `${name}=${value}`);
  const labelSelector = labels.length === 0 ? undefined : labels.join(',');
  const given = Object.entries({ state, template, connector, labelSelector });
  const filters = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const limit = readLimit(values.limit);
  await withService(values, async ({ client, interruption }) => {
    const jobs = await listJobs(client, { filters, limit }, interruption.signal);
    process.stdout.write(json ? `${JSON.stringify(jobs, null, 2)}\n` : formatJobs(jobs));
  });
}

const mostJobs = 100_000;

function readLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= mostJobs) return limit;
  throw new UsageError(`--limit: expected a number from 1 to ${mostJobs}, received "${text}"`);
}

function formatJobs(jobs: readonly Job[]): string {
  const heading = ['ID', 'STATE', 'TEMPLATE', 'CONNECTOR', 'ACCEPTED', 'ENDED', 'REASON'];
  const rows = jobs.map(({ id, state, template, connector, acceptedAt, endedAt, outcome, detail }) => {
    const cells = [id, state, template, connector, toSeconds(acceptedAt), toSeconds(endedAt ?? '')];
    return [...cells, printableLine(outcome?.reason ?? shorten(detail ?? ''))];
  });
  return formatTable([heading, ...rows]);
}

function toSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

const detailLength = 60;

function shorten(text: string): string {
  return text.length <= detailLength ? text : `${text.slice(0, detailLength - 1)}…`;
}
