import { gatedFiles } from '../flow-ends.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import type { Work } from './transfer.ts';

/** What the templates make of it; several files are one archive, shown as their contents one after the other. */
export function contentOf(work: Work): string {
  return work === 'held' ? Object.values(gatedFiles).join('') : 'hello from the worker: ä ö ü €\n';
}

export function filesOf(work: Work): number {
  return work === 'held' ? Object.keys(gatedFiles).length : 1;
}

export async function workerRuns(world: World, flow: string): Promise<void> {
  await waitUntil(`the worker of ${flow} runs`, async () => {
    const pods = await world.namespace.pods(flow);
    const containers = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
    return containers.some(({ name, state }) => name === 'worker' && state?.running !== undefined);
  });
}
