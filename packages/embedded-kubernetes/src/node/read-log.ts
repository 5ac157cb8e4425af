import { Readable } from 'node:stream';

import type { ContainerKey, PodLogOptions, PodLogs } from '../objects/pod-logs.ts';
import { badRequest, notFound } from '../objects/status-error.ts';
import { resourceDefinition } from '../registry/resources.ts';
import { type ContainerLog, lastLines, withoutPrefixes } from './container-log.ts';
import type { PodRun } from './pod-run.ts';

/** Serves the logs of the pods that run, or whose object is still there. */
export function createPodLogs(runs: ReadonlyMap<string, PodRun>): PodLogs {
  return {
    read: (key, options, signal) =>
      new Promise((resolve) => {
        resolve(readLog(findLog(runs.get(key.uid), key, options.previous), options, signal));
      }),
  };
}

function findLog(
  run: PodRun | undefined,
  { container: name, pod }: ContainerKey,
  previous: boolean,
): ContainerLog {
  if (!run) throw notFound(resourceDefinition('pods'), pod);
  const log = previous ? run.container(name)?.previousLog : run.container(name)?.log;
  if (log) return log;
  throw badRequest(`container "${name}" in pod "${pod}" has no ${previous ? 'previous ' : ''}log`);
}

/** A container's log as text, as `kubectl logs` asks for it. */
export function readLog(log: ContainerLog, options: PodLogOptions, signal: AbortSignal): Readable {
  const closed = new AbortController();
  const stream = Readable.from(chunksOf(log, options, AbortSignal.any([signal, closed.signal])), {
    objectMode: false,
  });
  stream.once('close', () => {
    closed.abort();
  });
  return stream;
}

async function* chunksOf(
  log: ContainerLog,
  { follow, tailLines, since, timestamps, limitBytes = Number.POSITIVE_INFINITY }: PodLogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // What follows starts where the log so far ends: both are read before anything else can be written.
  const following = log.follow(signal);
  const first = follow ? following.next() : undefined;
  let budget = limitBytes;
  let lines = lastLines(log.read(), tailLines);
  for (let next = first; ; next = following.next()) {
    const bytes = withoutPrefixes(lines, since, timestamps);
    if (bytes.length > 0) yield bytes.subarray(0, Math.min(bytes.length, budget));
    budget -= bytes.length;
    const result = budget > 0 ? await next : undefined;
    if (!result || result.done) return;
    lines = result.value;
  }
}
