import { readdir, readFile } from 'node:fs/promises';

/**
 * SIGKILL to the uploader of a flow's pod: as its programs crash, on a node that is a part of this machine, embedded or real. Its
 * processes are those that were given the flow's name as the pod says. Answers how many there were.
 */
export async function killSidecar(flow: string): Promise<number> {
  let killed = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || !(await environmentOf(entry)).includes(`SIDECAR_FLOW=${flow}`)) continue;
    try {
      process.kill(Number(entry), 'SIGKILL');
      killed += 1;
    } catch {
      // It ended by itself.
    }
  }
  return killed;
}

async function environmentOf(pid: string): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  } catch {
    // Gone, or somebody else's.
    return [];
  }
}
