import { open, type FileHandle } from 'node:fs/promises';
import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReportLine } from './read-results.ts';

const pollMillis = 300;

export interface Progress {
  /** Handles one line of a report. */
  add(line: ReportLine): void;
}

/** Prints one line for each file that has ended, with its number and the seconds so far, and one for each failure. */
export function createProgress(total: number, say: (line: string) => void): Progress {
  const start = performance.now();
  const width = String(total).length;
  let done = 0;
  return {
    add(line) {
      if (line.kind === 'failed')
        say(`  ✖ ${relative('.', line.file)}: ${line.name}: ${oneLine(line.message)}`);
      if (line.kind !== 'file') return;
      done += 1;
      const seconds = Math.round((performance.now() - start) / 1000);
      const counts = [`${line.passed} passed`, ...(line.failed > 0 ? [`${line.failed} FAILED`] : [])].join(
        ', ',
      );
      const place = `[${String(done).padStart(width)}/${total}] ${String(seconds).padStart(4)} s`;
      say(`${place}  ${relative('.', line.file)}: ${counts} in ${(line.millis / 1000).toFixed(1)} s`);
    },
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

/** Follows the file of a reporter until `ended` aborts and everything is read. */
export async function followReport(path: string, progress: Progress, ended: AbortSignal): Promise<void> {
  const reader = new LineReader(path);
  try {
    for (;;) {
      const last = ended.aborted;
      for (const line of await reader.read()) progress.add(JSON.parse(line) as ReportLine);
      if (last) return;
      await delay(pollMillis, undefined, { signal: ended }).catch(() => undefined);
    }
  } finally {
    await reader.close();
  }
}

class LineReader {
  private readonly path: string;
  private file: FileHandle | undefined;
  private rest = '';

  constructor(path: string) {
    this.path = path;
  }

  /** Returns the lines that are complete. */
  async read(): Promise<string[]> {
    // The file does not exist before the runner has started.
    this.file ??= await open(this.path).catch(() => undefined);
    if (this.file === undefined) return [];
    const chunk = Buffer.alloc(1 << 16);
    for (;;) {
      const { bytesRead } = await this.file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) break;
      this.rest += chunk.toString('latin1', 0, bytesRead);
    }
    const lines = this.rest.split('\n');
    this.rest = lines.pop() ?? '';
    return lines.map((line) => Buffer.from(line, 'latin1').toString('utf8')).filter((line) => line !== '');
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}
