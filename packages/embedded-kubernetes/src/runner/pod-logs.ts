import type { Readable } from 'node:stream';

import type { ContainerKey, PodLogOptions, PodLogs } from '../pod-logs.ts';
import { resourceDefinition } from '../registry/resources.ts';
import { badRequest, notFound } from '../registry/status-error.ts';
import type { ContainerLog } from './container-log.ts';
import type { PodRun } from './pod-run.ts';
import { readLog } from './read-log.ts';

/** Serves the logs of the pods that run, or whose object is still there. */
export function createPodLogs(runs: ReadonlyMap<string, PodRun>): PodLogs {
  function read(key: ContainerKey, options: PodLogOptions, signal: AbortSignal): Readable {
    const run = runs.get(key.uid);
    if (!run) throw notFound(resourceDefinition('pods'), key.pod);
    return readLog(findLog(run, key, options.previous), options, signal);
  }
  return {
    read: (key, options, signal) =>
      new Promise((resolve) => {
        resolve(read(key, options, signal));
      }),
  };
}

function findLog(run: PodRun, { container: name, pod }: ContainerKey, previous: boolean): ContainerLog {
  const container = run.container(name);
  if (!container) throw badRequest(`container ${name} is not valid for pod ${pod}`);
  const log = previous ? container.previousLog : container.log;
  if (log) return log;
  const inPod = `container "${name}" in pod "${pod}"`;
  if (previous) throw badRequest(`previous terminated ${inPod} not found`);
  const reason = container.status.state.waiting?.reason ?? 'ContainerCreating';
  throw badRequest(`${inPod} is waiting to start: ${reason}`);
}
