import { pino, type Logger } from 'pino';

export interface MemoryLog {
  log: Logger;
  /** As they would stand in the log of a process. */
  lines: string[];
  /** The entries with this message. */
  entries: (message: string) => Record<string, unknown>[];
}

export function memoryLog(level = 'trace'): MemoryLog {
  const lines: string[] = [];
  const log = pino({ level }, { write: (line: string) => void lines.push(line) });
  function entries(message: string): Record<string, unknown>[] {
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === message);
  }
  return { log, lines, entries };
}
