import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linesOf, readUses, type Permission } from '../servers/compare-audit.ts';

/** The most memory that the process has ever had resident, in MiB. */
export async function peakMemory({ pid = 0 }: { pid: number | undefined }): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}

/** What the services of a world have asked of the API server, most first, by the audit log of a test with `needing('own control plane')`. */
export async function countRequests(namespace: string): Promise<[Permission, number][]> {
  const log = join(process.env['TEST_CLUSTER_DIRECTORY'] ?? '', 'log', 'audit.log');
  const uses = await readUses(linesAbout(namespace, log));
  const counts = [...uses].map(([permission, { allowed, refused }]): [Permission, number] => [
    permission,
    allowed + refused,
  ]);
  return counts.sort(([, one], [, other]) => other - one);
}

/** Its services have an account of their own, whose name begins with that of the world. */
async function* linesAbout(namespace: string, log: string): AsyncGenerator<string> {
  for await (const line of linesOf([log])) if (line.includes(`:${namespace}-`)) yield line;
}
