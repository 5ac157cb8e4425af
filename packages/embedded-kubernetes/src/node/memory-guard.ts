import { existsSync, readFileSync } from 'node:fs';

interface Watched {
  pid: number;
  bytes: number;
  /** Whether a process of it was killed for want of memory. */
  wasExceeded: boolean;
}

export type MemoryGuard = ReturnType<typeof startMemoryGuard>;

const intervalMillis = 100;
const maximumDepth = 20;

/**
 * Does what a memory cgroup does: kills the largest process of a container that has more than its limit. It looks every
 * tenth of a second at the memory that is a process's own; where there is no /proc it looks at nothing.
 */
export function startMemoryGuard() {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const each of watched) holdToLimit(each);
  }
  function release(each: Watched): void {
    watched.delete(each);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }
  return {
    /** Holds a process and its children to `bytes` together, until it is released. */
    watch(pid: number, bytes: number): Readonly<Watched> {
      const each = { pid, bytes, wasExceeded: false };
      if (Number.isFinite(bytes) && existsSync('/proc/self/status')) {
        watched.add(each);
        timer ??= setInterval(look, intervalMillis);
      }
      return each;
    },
    release,
    stop(): void {
      for (const each of watched) release(each);
    },
  };
}

function holdToLimit(watched: Watched): void {
  const processes = familyOf(watched.pid, 0).map((pid) => ({ pid, bytes: ownMemoryOf(pid) }));
  const total = processes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= watched.bytes) return;
  const largest = processes.reduce((one, other) => (other.bytes > one.bytes ? other : one));
  try {
    process.kill(largest.pid, 'SIGKILL');
    watched.wasExceeded = true;
  } catch {
    // It has ended meanwhile.
  }
}

function familyOf(pid: number, depth: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  if (depth >= maximumDepth) return [pid];
  return [pid, ...children.flatMap((child) => familyOf(child, depth + 1))];
}

/** Without files that are mapped: a kernel would drop these before it kills. */
function ownMemoryOf(pid: number): number {
  const status = textOf(`/proc/${pid}/status`);
  const anonymous = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
  const shared = /^RssShmem:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
  return (Number(anonymous) + Number(shared)) * 1024;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
