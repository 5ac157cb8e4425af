import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ManifestFile } from '../result/manifest.ts';
import type { MultipartUpload } from '../storage/upload/multipart-upload.ts';

/** A file that the store holds, with the state of it that was stored. */
export interface StoredFile extends ManifestFile {
  identity: string;
  /** The sidecar freed it afterwards: its absence is no deletion by the worker. */
  released?: boolean;
}

type Line =
  | { event: 'attempt'; attempt: string }
  | { event: 'stored'; file: StoredFile }
  | { event: 'released'; path: string }
  | { event: 'begun' | 'ended'; upload: MultipartUpload };

/** The uploads so far, on a disk that outlives this process: one appended JSON line per event. */
export interface Journal {
  readonly stored: ReadonlyMap<string, StoredFile>;
  /** Multipart uploads that are neither completed nor aborted. */
  readonly open: ReadonlyMap<string, MultipartUpload>;
  addStored(file: StoredFile): void;
  /** Throws if the line cannot be written: then the file must not be freed. */
  addReleased(path: string): void;
  addBegun: (upload: MultipartUpload) => void;
  addEnded: (upload: MultipartUpload) => void;
  close(): void;
}

interface State {
  stored: Map<string, StoredFile>;
  open: Map<string, MultipartUpload>;
}

/**
 * Reads what an earlier process of the same attempt left; a line that was torn by its end is cut off. A line that cannot be written (a
 * full disk) is reported and dropped: after a restart that file is stored again, which does no harm.
 */
export function openJournal(path: string, attempt: string, onFailure: (error: unknown) => void): Journal {
  const state: State = { stored: new Map(), open: new Map() };
  const file = openSync(path, 'a+', 0o600);
  const kept = readLines(readFileSync(path), attempt, state);
  ftruncateSync(file, kept);
  let torn = false;
  function write(line: Line): void {
    const text = `${torn ? '\n' : ''}${JSON.stringify(line)}\n`;
    torn = true;
    if (writeSync(file, text) !== Buffer.byteLength(text))
      throw new Error('the journal was written in part only');
    torn = false;
  }
  function add(line: Line): void {
    apply(state, line);
    try {
      write(line);
    } catch (error) {
      onFailure(error);
    }
  }
  if (kept === 0) add({ event: 'attempt', attempt });
  return {
    stored: state.stored,
    open: state.open,
    addStored(stored) {
      add({ event: 'stored', file: stored });
    },
    addReleased(released) {
      const line: Line = { event: 'released', path: released };
      write(line);
      apply(state, line);
    },
    addBegun(upload) {
      add({ event: 'begun', upload });
    },
    addEnded(upload) {
      add({ event: 'ended', upload });
    },
    close() {
      closeSync(file);
    },
  };
}

/** Returns how many bytes are whole lines; 0 drops the journal of another attempt. */
function readLines(content: Buffer, attempt: string, state: State): number {
  let kept = 0;
  for (let end = content.indexOf('\n'); end !== -1; end = content.indexOf('\n', kept)) {
    const line = parseLine(content.toString('utf8', kept, end));
    if (line?.event === 'attempt' ? line.attempt !== attempt : kept === 0) return 0;
    if (line !== undefined) apply(state, line);
    kept = end + 1;
  }
  return kept;
}

function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

function apply({ stored, open }: State, line: Line): void {
  switch (line.event) {
    case 'attempt':
      return;
    case 'stored':
      stored.set(line.file.path, line.file);
      return;
    case 'released': {
      const file = stored.get(line.path);
      if (file !== undefined) stored.set(line.path, { ...file, released: true });
      return;
    }
    case 'begun':
      open.set(line.upload.uploadId, line.upload);
      return;
    case 'ended':
      open.delete(line.upload.uploadId);
      return;
    default:
      line satisfies never;
  }
}
