import { flowLabel, evidencePodsSelector } from '../../src/flow/labels.ts';
import type { Pod } from '../../src/kubernetes/types.ts';
import { endFlow, openClients, readJobs, startFlow } from './bare-calls.ts';
import { inFlight } from './in-flight.ts';

/**
 * What the service does for its flows, without all that makes it safe to repeat: no cache, no queue, no condition, no second
 * try. `BENCH_SETTINGS` is the service's file; with `BENCH_JOBS` it creates and starts them first. Ends on SIGTERM.
 */
const { BENCH_SETTINGS: settings = '', BENCH_JOBS: jobs = '' } = process.env;
const clients = await openClients(settings, process.env);
const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
});
const watching = watchPods();
if (jobs !== '') {
  await inFlight(await readJobs(jobs), 32, async (job) => {
    await clients.cluster.jobs.add(job, AbortSignal.timeout(60_000));
    await startFlow(clients, job.metadata?.name ?? '');
  });
}
process.stdout.write('ready\n');
await watching;
await clients.close();

async function watchPods(): Promise<void> {
  const labelSelector = `${flowLabel},${evidencePodsSelector}`;
  const { pods } = clients.cluster;
  const seen = new Set<string>();
  function see(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if (pod.status?.phase !== 'Succeeded' || seen.has(uid)) return;
    seen.add(uid);
    void endFlow(clients, pod);
  }
  const first = await pods.list({ labelSelector }, stopping.signal);
  first.items.forEach(see);
  let { resourceVersion } = first;
  while (!isOver()) {
    try {
      for await (const event of pods.watch({ labelSelector, resourceVersion }, stopping.signal)) {
        if (event.type === 'BOOKMARK') resourceVersion = event.resourceVersion;
        else {
          resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
          see(event.object);
        }
      }
    } catch (error) {
      if (!isOver()) throw error;
    }
  }
}

function isOver(): boolean {
  return stopping.signal.aborted;
}
