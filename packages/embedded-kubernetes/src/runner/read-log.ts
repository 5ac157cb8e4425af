import { Readable } from 'node:stream';

import type { PodLogOptions } from '../pod-logs.ts';
import type { ContainerLog, LogLine } from './container-log.ts';

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
  options: PodLogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let budget = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const lines of batchesOf(log, options, signal)) {
    const bytes = Buffer.concat(lines.map((line) => textOf(line, options.timestamps)));
    if (bytes.length > 0) yield bytes.subarray(0, Math.min(bytes.length, budget));
    budget -= bytes.length;
    if (budget <= 0) return;
  }
}

async function* batchesOf(
  log: ContainerLog,
  options: PodLogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine[]> {
  // What follows starts where the lines so far end: both are read before anything else can be written.
  const following = log.follow(signal);
  const first = options.follow ? following.next() : undefined;
  yield wanted(log.lines(), options);
  if (!first) return;
  for (let next = await first; !next.done; next = await following.next()) yield next.value;
}

function wanted(lines: LogLine[], { sinceTime, tailLines }: PodLogOptions): LogLine[] {
  const recent = sinceTime ? lines.filter(({ time }) => new Date(time) >= sinceTime) : lines;
  if (tailLines === undefined) return recent;
  return tailLines === 0 ? [] : recent.slice(-tailLines);
}

function textOf({ time, text, whole }: LogLine, timestamps: boolean): Buffer {
  const parts = timestamps ? [Buffer.from(`${time} `), text] : [text];
  if (whole) parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}
