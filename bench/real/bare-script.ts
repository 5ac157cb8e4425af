import { flowLabel, evidencePodsSelector } from '../../src/flow/labels.ts';
import type { Pod } from '../../src/kubernetes/types.ts';
import { endFlow, openClients, readJobs, startFlow } from './bare-calls.ts';
import { inFlight } from './requests.ts';

/**
 * Makes the service's calls for its flows without what makes them repeatable: no cache, no queue, no precondition, no
 * retry. `BENCH_SETTINGS` is the service's file; the Jobs of `BENCH_JOBS` are created and started first. Ends on SIGTERM.
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
  function onPod(pod: Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if (pod.status?.phase !== 'Succeeded' || seen.has(uid)) return;
    seen.add(uid);
    void endFlow(clients, pod);
  }
  const first = await pods.list({ labelSelector }, stopping.signal);
  first.items.forEach(onPod);
  let { resourceVersion } = first;
  while (!isStopping()) {
    try {
      for await (const event of pods.watch({ labelSelector, resourceVersion }, stopping.signal)) {
        if (event.type === 'BOOKMARK') resourceVersion = event.resourceVersion;
        else {
          resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
          onPod(event.object);
        }
      }
    } catch (error) {
      if (!isStopping()) throw error;
    }
  }
}

function isStopping(): boolean {
  return stopping.signal.aborted;
}
