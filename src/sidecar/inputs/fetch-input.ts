import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMillis } from '../../back-off.ts';
import { isServiceError, messageOf } from '../../errors.ts';
import type { FlowInput } from '../../flow/flow-input.ts';
import type { Log } from '../log-line.ts';
import { fetchError, InputError } from './input-error.ts';
import { changed, checkRoom, openSource, type SourceAccess } from './open-source.ts';

export interface Fetch {
  access: SourceAccess;
  log: Log;
  /** Aborts when the inputs must be there. */
  deadline: AbortSignal;
}

/**
 * Fetches one input into its file, with one chunk of it in memory. The file appears when it is whole and verified: an earlier process of the
 * pod has left either the file or nothing. Throws `InputError`, or the reason of the signal.
 */
export async function fetchInput(fetch: Fetch, input: FlowInput, signal: AbortSignal): Promise<void> {
  if (statSync(input.path, { throwIfNoEntry: false })?.isFile() === true) return;
  const part = `${dirname(input.path)}/.${input.name}.part`;
  const file = await createFile(part, input);
  try {
    const { size, sha256 } = await readWhole(fetch, { input, file }, signal);
    await file.truncate(size);
    await file.chmod(0o444);
    await rename(part, input.path);
    fetch.log('info', 'input fetched', { input: input.name, bytes: size, sha256 });
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function createFile(part: string, { name, path }: FlowInput): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await open(part, 'w', 0o600);
  } catch (error) {
    throw unwritable(name, error);
  }
}

interface Target {
  input: FlowInput;
  file: FileHandle;
}

/** The bytes so far, in their order. */
interface State {
  offset: number;
  etag: string | undefined;
  hash: ReturnType<typeof createHash>;
}

/** Attempts continue where the last one broke off. */
async function readWhole(
  fetch: Fetch,
  target: Target,
  signal: AbortSignal,
): Promise<{ size: number; sha256: string }> {
  const { input } = target;
  const state: State = { offset: 0, etag: undefined, hash: createHash('sha256') };
  const failures: Failures = {
    count: 0,
    forbiddenSince: undefined,
    last: 'the time was over before it was tried',
  };
  const either = AbortSignal.any([signal, fetch.deadline]);
  for (;;) {
    const before = state.offset;
    try {
      either.throwIfAborted();
      await readOnce(fetch.access, { ...target, state }, either);
      return { size: state.offset, sha256: verify(input, state) };
    } catch (error) {
      signal.throwIfAborted();
      if (state.offset > before) failures.count = 0;
      const pause = pauseAfter(error, failures, { ...fetch, input });
      await delay(pause, undefined, { signal: either }).catch(() => undefined);
    }
  }
}

interface Failures {
  /** In a row, without a byte in between. */
  count: number;
  /** Monotonic. */
  forbiddenSince: number | undefined;
  last: string;
}

const retry = { firstMillis: 200, maxMillis: 10_000 };

/** Keys that are renewed reach a pod after a minute. */
const forbiddenMillis = 180_000;

/** Milliseconds until the next attempt; throws `InputError` if there is none. */
function pauseAfter(
  error: unknown,
  failures: Failures,
  { input: { name }, deadline, log }: Fetch & { input: FlowInput },
): number {
  if (deadline.aborted) throw new InputError(name, `it was not fetched in time: ${failures.last}`);
  if (error instanceof InputError) throw error;
  failures.last = messageOf(error);
  if (!isServiceError(error, 'store-unavailable', 'store-forbidden'))
    throw new InputError(name, failures.last);
  failures.count += 1;
  const now = performance.now();
  failures.forbiddenSince = error.code === 'store-forbidden' ? (failures.forbiddenSince ?? now) : undefined;
  if (now - (failures.forbiddenSince ?? now) > forbiddenMillis)
    throw new InputError(name, `it was refused: ${failures.last}`);
  const { count: attempt, last: problem } = failures;
  if ((attempt & (attempt - 1)) === 0)
    log('warn', 'an input could not be fetched and is tried again', { input: name, attempt, problem });
  return backOffMillis(retry, attempt);
}

async function readOnce(
  access: SourceAccess,
  { input, file, state }: Target & { state: State },
  signal: AbortSignal,
): Promise<void> {
  // Without a strong ETag the rest may belong to other bytes.
  if (!('key' in input) && state.etag === undefined) restart(state);
  const source = await openSource(access, { input, progress: state }, signal);
  const { body, size } = source;
  if (source.offset === 0) restart(state);
  state.etag = source.etag;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) await append(chunk, { input, file, state });
  } catch (error) {
    throw error instanceof InputError ? error : brokeOff(state, messageOf(error));
  }
  if (size !== undefined && state.offset < size) throw brokeOff(state, 'the answer ended early');
}

function restart(state: State): void {
  Object.assign(state, { offset: 0, etag: undefined, hash: createHash('sha256') });
}

async function append(chunk: Buffer, { input, file, state }: Target & { state: State }): Promise<void> {
  const end = state.offset + chunk.length;
  checkRoom(input, end);
  try {
    await file.writev([chunk], state.offset);
  } catch (error) {
    throw unwritable(input.name, error);
  }
  state.hash.update(chunk);
  state.offset = end;
}

function brokeOff({ offset }: State, why: string): Error {
  return fetchError('transient', `it broke off after ${offset} bytes: ${why}`);
}

function unwritable(name: string, error: unknown): InputError {
  return new InputError(name, `its file cannot be written: ${messageOf(error)}`);
}

/** Returns the sha256. A store that was asked for one ETag does not send other bytes, and a disk or a proxy may. */
function verify(input: FlowInput, { offset, hash }: State): string {
  const sha256 = hash.digest('hex');
  if ('key' in input && offset !== input.size) throw changed(input);
  if (input.sha256 === undefined || input.sha256 === sha256) return sha256;
  throw new InputError(input.name, `expected sha256 ${input.sha256}, received ${sha256}`);
}
