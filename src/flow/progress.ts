/** `flows/<flow>/<attempt>/progress.json`: how far an attempt is, for people. Nothing is decided by it. */
export interface FlowProgress {
  /** Files that are stored, and their bytes. */
  files: number;
  bytes: number;
  /** What the worker says in its file `progress`. */
  worker?: WorkerProgress;
  /** RFC 3339. */
  at: string;
}

export interface WorkerProgress {
  /** From 0 to 100. */
  percent?: number;
  message?: string;
}

/** The worker's file, relative to its results. It is no result. */
export const workerProgressFile = 'progress';

const messageLength = 200;

/** Reads what a worker has written: a number from 0 to 100, or JSON with `percent` and `message`. Undefined for anything else. */
export function readWorkerProgress(text: string): WorkerProgress | undefined {
  const value = parse(text.trim());
  if (typeof value === 'number') return isPercent(value) ? { percent: value } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { percent, message } = value as { percent?: unknown; message?: unknown };
  const read = {
    ...(isPercent(percent) ? { percent } : {}),
    ...(typeof message === 'string' && message !== '' ? { message: oneLine(message) } : {}),
  };
  return Object.keys(read).length === 0 ? undefined : read;
}

/** The object may have been written by another version, or by the worker's hand if it has found keys: nothing in it is taken on trust. */
export function readProgress(text: string): FlowProgress | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { files, bytes, worker, at } = value as Record<string, unknown>;
  if (!isCount(files) || !isCount(bytes) || typeof at !== 'string' || Number.isNaN(Date.parse(at)))
    return undefined;
  const own = worker === undefined ? undefined : readWorkerProgress(JSON.stringify(worker));
  return { files, bytes, ...(own === undefined ? {} : { worker: own }), at: new Date(at).toISOString() };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPercent(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 100;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- a terminal shows it
  return text.slice(0, messageLength).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
