import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import { LogRedactor } from '../../flow/log-redactor.ts';
import { createLogFormat, TimedLog, type ShownLog } from '../../flow/timed-log.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { OpenedLogOptions } from '../../kubernetes/open-log.ts';
import { withinDeadline } from '../../until-aborted.ts';

export interface WantedPodLog {
  wanted: OpenedLogOptions & ShownLog;
  pod: string;
  /** The container has ended: its log grows no more. */
  ended: boolean;
  secrets: readonly Buffer[];
  /** Asked when nothing has come for a while. */
  isOver: () => Promise<boolean>;
}

/** A server answers to `follow` when the container writes something: the client gets its headers before. */
const quietStartMillis = 2000;
/** The log of a container that has ended is there, unless its node is away. */
export const endedMillis = 10_000;
/** A log that is not followed is there; a followed one may be silent for as long as its container runs. */
const idleMillis = 60_000;

/** Without the secrets, read as fast as its reader takes it; the request ends with its reader or the signal. Throws `cluster-*`. */
export async function openPodLog(
  cluster: Pick<Cluster, 'openLog'>,
  { wanted, pod, ended, secrets, isOver }: WantedPodLog,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const reading = new AbortController();
  const follow = wanted.follow && !ended;
  const opening = cluster.openLog(
    pod,
    { ...optionsOf(wanted), follow },
    AbortSignal.any([signal, reading.signal]),
  );
  try {
    await (follow
      ? Promise.race([opening, delay(quietStartMillis, undefined, { ref: false })])
      : withinDeadline(() => opening, ended ? endedMillis : idleMillis, signal));
  } catch (error) {
    reading.abort();
    throw error;
  }
  function end(): void {
    reading.abort();
  }
  return readBytes({ opening, secrets, shown: wanted, isOver, end });
}

function optionsOf({ container, tailLines, sinceTime }: OpenedLogOptions): Omit<OpenedLogOptions, 'follow'> {
  return {
    container,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

interface OpeningLog extends Pick<WantedPodLog, 'secrets' | 'isOver'> {
  opening: Promise<AsyncIterable<Buffer>>;
  shown: ShownLog;
  /** Ends the request. */
  end: () => void;
}

/** Reads the next chunk when its reader wants it. */
async function* readBytes(log: OpeningLog): AsyncGenerator<Buffer, void> {
  const lines = new TimedLog();
  const redactor = new LogRedactor(log.secrets);
  const format = createLogFormat(log.shown);
  try {
    const chunks = (await log.opening)[Symbol.asyncIterator]();
    for (;;) {
      const next = await nextOf(chunks, log.isOver);
      const bytes = format(
        next.done === true
          ? [...redactor.push(lines.end()), ...redactor.end()]
          : redactor.push(lines.push(next.value)),
      );
      if (bytes.length > 0) yield bytes;
      if (next.done === true) return;
    }
  } finally {
    log.end();
  }
}

/** A connection that is dead would be waited for without an end. */
async function nextOf<T>(
  chunks: AsyncIterator<T>,
  isOver: () => Promise<boolean>,
): Promise<IteratorResult<T>> {
  const next = chunks.next();
  for (;;) {
    const idle = new AbortController();
    const result = await Promise.race([
      next,
      delay(idleMillis, 'idle' as const, { signal: idle.signal, ref: false }),
    ]).finally(() => {
      idle.abort();
    });
    if (result !== 'idle') return result;
    if (await isOver())
      throw new ServiceError('deadline-exceeded', `the log was silent for ${idleMillis} ms`);
  }
}
