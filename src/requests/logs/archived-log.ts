import { logsPrefix, readLogKey } from '../../flow/keys.ts';
import { createLogFormat, TimedLog, type LogPart, type ShownLog } from '../../flow/timed-log.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts';

export interface ArchivedLog extends ObjectInfo {
  attempt: string;
}

/** More attempts than a Job makes. */
const mostLogs = 100;

/** The kept logs of a flow's workers, from the oldest attempt to the newest. */
export async function listArchivedLogs(
  store: Pick<ObjectStore, 'list'>,
  flow: string,
  signal: AbortSignal,
): Promise<ArchivedLog[]> {
  const logs: ArchivedLog[] = [];
  for await (const object of store.list(logsPrefix(flow), signal)) {
    const attempt = readLogKey(object.key);
    if (attempt !== undefined) logs.push({ ...object, attempt });
    if (logs.length === mostLogs) break;
  }
  return logs;
}

export interface WantedArchive extends ShownLog {
  log: ArchivedLog;
  /** From the end. Default: all. */
  tailLines?: number;
}

/** Its bytes, read as fast as their reader takes them. With `tailLines` it is read twice, so that it need not be held in memory. */
export async function openArchivedLog(
  store: Pick<ObjectStore, 'get'>,
  { log, tailLines, ...shown }: WantedArchive,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  if (log.size === 0 || tailLines === 0) return show([], 0, shown);
  const all = { first: 0, last: log.size - 1, etag: log.etag };
  const lines = tailLines === undefined ? 0 : await countLines(await store.get(log.key, all, signal));
  const skipped = tailLines === undefined ? 0 : Math.max(0, lines - tailLines);
  return show(await store.get(log.key, all, signal), skipped, shown);
}

const lineBreak = 0x0a;

async function countLines(chunks: AsyncIterable<Buffer>): Promise<number> {
  let lines = 0;
  let last = lineBreak;
  for await (const chunk of chunks) {
    for (let at = chunk.indexOf(lineBreak); at !== -1; at = chunk.indexOf(lineBreak, at + 1)) lines += 1;
    last = chunk.at(-1) ?? last;
  }
  return last === lineBreak ? lines : lines + 1;
}

async function* show(
  chunks: AsyncIterable<Buffer> | Buffer[],
  skipped: number,
  shown: ShownLog,
): AsyncGenerator<Buffer, void> {
  const log = new TimedLog();
  const format = createLogFormat(shown);
  let toSkip = skipped;
  function isShown({ time }: LogPart): boolean {
    if (time !== undefined) toSkip -= 1;
    return toSkip < 0;
  }
  for await (const chunk of chunks) {
    const bytes = format(log.push(chunk).filter(isShown));
    if (bytes.length > 0) yield bytes;
  }
  const rest = format(log.end().filter(isShown));
  if (rest.length > 0) yield rest;
}
