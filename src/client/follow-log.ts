import { createLogFormat, TimedLog, type LogPart } from '../flow/timed-log.ts';
import type { ApiClient } from './api-client.ts';
import { LogPosition } from './log-position.ts';
import { TransientError } from './patience.ts';

export interface LogQuery {
  id: string;
  follow: boolean;
  timestamps: boolean;
  container?: string | undefined;
  attempt?: string | undefined;
  tailLines?: string | undefined;
  sinceTime?: string | undefined;
}

export interface LogToRead extends LogQuery {
  write: (bytes: Buffer) => Promise<void>;
}

/**
 * Writes the log of a job as it comes, and returns its attempt. A log that breaks off is continued after the last line that was written.
 * Throws as `ApiClient.json`.
 */
export async function readLog(
  client: ApiClient,
  { write, ...query }: LogToRead,
  signal: AbortSignal,
): Promise<string | undefined> {
  const patience = client.newPatience();
  const format = createLogFormat({ timestamps: query.timestamps });
  const position = new LogPosition();
  let { attempt } = query;
  for (;;) {
    signal.throwIfAborted();
    try {
      const path = pathOf({ ...query, attempt }, position);
      const answer = await client.open({ path, extraMillis: quietStartMillis }, signal);
      attempt = textOf(answer.headers['x-log-attempt']) ?? attempt;
      // It has no times by which it could be continued.
      const isRepeat = position.time !== undefined && answer.headers['x-log-source'] === 'record';
      for await (const parts of isRepeat ? [] : readParts(answer.body)) {
        const bytes = format(position.pass(parts));
        if (bytes.length > 0) await write(bytes);
        patience.reset();
      }
      return attempt;
    } catch (error) {
      position.breakOff();
      if (!isQuiet(error)) await patience.wait(error, signal);
    }
  }
}

/** A container that has started may write nothing for a while; then the headers wait as well. */
const quietStartMillis = 60_000;

function pathOf({ id, follow, ...query }: LogQuery, { time }: LogPosition): string {
  const search = new URLSearchParams({ timestamps: 'true', follow: String(follow) });
  const continued = time === undefined ? {} : { tailLines: undefined, sinceTime: time };
  const { container, attempt, tailLines, sinceTime } = { ...query, ...continued };
  for (const [name, value] of Object.entries({ container, attempt, tailLines, sinceTime }))
    if (value !== undefined) search.set(name, value);
  return `/jobs/${encodeURIComponent(id)}/logs?${search.toString()}`;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

async function* readParts(body: AsyncIterable<unknown>): AsyncGenerator<LogPart[]> {
  const log = new TimedLog();
  try {
    for await (const chunk of body) yield log.push(chunk as Buffer);
  } catch (cause) {
    throw new TransientError('the log has broken off', { cause });
  }
  yield log.end();
}

/** Nothing was written for a while: the connection may be dead, and is made again. */
function isQuiet(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {};
  return cause instanceof Error && 'code' in cause && cause.code === 'UND_ERR_BODY_TIMEOUT';
}
