import { readFileSync, rmSync } from 'node:fs';

import type { Container } from '../objects/pod.ts';
import { type ContainerLog, lastLines, withoutPrefixes } from './container-log.ts';

const longest = 4096;
const longestFromLog = 2048;
const mostLines = 80;

/** Every run of a container starts without a message. */
export function clearTerminationMessage(file: string): void {
  rmSync(file, { force: true });
}

/** What a container said at its end: the tail of its message file, or of its log where its policy says so. */
export function readTerminationMessage(
  file: string,
  end: { container: Container; exitCode: number; log: ContainerLog },
): string {
  const message = tail(contentOf(file), longest).toString();
  const fromLog = end.container.terminationMessagePolicy === 'FallbackToLogsOnError' && end.exitCode !== 0;
  if (message !== '' || !fromLog) return message;
  return tail(withoutPrefixes(lastLines(end.log.read(), mostLines)), longestFromLog).toString();
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

function tail(bytes: Buffer, length: number): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - length));
}
