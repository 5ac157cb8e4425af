import type { RecordEvent } from '../registry/record-event.ts';
import type { Registry } from '../registry/types.ts';
import type { ImageMap, LocalImage } from './images.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { ProcessGuard } from './process-guard.ts';

export interface Timing {
  /** Before the first restart of a container that ended. */
  firstRestartMillis: number;
  /** Before the second; it doubles. */
  crashBackOffMillis: number;
  /** Between two tries to get an image; it doubles. */
  pullBackOffMillis: number;
  /** Between two tries to make a container or mount a volume. */
  retryMillis: number;
  /** What a container gets to end even if the pod's grace is over. */
  minimumGraceMillis: number;
  /** Between two looks at what volumes hold. */
  evictionMillis: number;
}

export const realTiming: Timing = {
  firstRestartMillis: 1000,
  crashBackOffMillis: 10_000,
  pullBackOffMillis: 10_000,
  retryMillis: 1000,
  minimumGraceMillis: 2000,
  evictionMillis: 10_000,
};

/** What everything on the node shares. */
export interface NodeContext {
  registry: Registry;
  images: ImageMap;
  now: () => Date;
  timing: Timing;
  record: RecordEvent;
  guard: ProcessGuard;
  memory: MemoryGuard;
  /** What it was registered with. */
  node: { name: string; capacity: Record<string, string> };
  directory: string;
  /** The folder with the programs of an image. */
  programsOf(image: LocalImage): string;
}
