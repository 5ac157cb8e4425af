/**
 * Every key in the bucket. All but the indexes are below `flows/<flow>/`, those of an attempt in a folder of its own, since its pod may
 * write only there. The pod half uses this file too, so it imports nothing.
 */
export const flowsPrefix = 'flows/';

/** With a slash at the end: without it, `flow-1` would match `flow-10` too. */
export function flowPrefix(flow: string): string {
  return `${flowsPrefix}${flow}/`;
}

export function attemptPrefix(flow: string, attempt: string): string {
  return `${flowPrefix(flow)}${attempt}/`;
}

export function manifestKey(flow: string, attempt: string): string {
  return `${attemptPrefix(flow, attempt)}manifest.json`;
}

export function recordKey(flow: string): string {
  return `${flowPrefix(flow)}record.json`;
}

/** An environment that is too large for an annotation. Each request writes its own; if the request died, it is deleted by its age. */
export function environmentKey(flow: string, acceptedAt: string): string {
  return `${flowPrefix(flow)}environment-${Date.parse(acceptedAt)}.json`;
}

/** Whether the key is that of an environment written after a time (milliseconds since the epoch). */
export function environmentBornAfter(key: string, millis: number): boolean {
  const [, born] = /^flows\/[^/]+\/environment-(\d{1,16})\.json$/.exec(key) ?? [];
  return born !== undefined && Number(born) > millis;
}

/** The index by date of acceptance: one empty object per flow. */
export function recordIndexKey(flow: string, acceptedAt: string): string {
  return `records/${acceptedAt.slice(0, 10).replaceAll('-', '/')}/${flow}`;
}

/**
 * The index of deletions by their time: one empty object per flow, `cleanup/<yyyy>/<mm>/<dd>/<hhmmssmmm>/<flow>`, UTC. Keys are listed in
 * the order of their times, so that a sweep reads the ones that are due and stops. It needs no Job.
 */
export const cleanupPrefix = 'cleanup/';

export interface Cleanup {
  flow: string;
  /** Milliseconds since the epoch. */
  due: number;
}

export function cleanupKey({ flow, due }: Cleanup): string {
  const [day = '', time = ''] = new Date(due).toISOString().split('T');
  return `${cleanupPrefix}${day.replaceAll('-', '/')}/${time.replaceAll(/[^0-9]/g, '')}/${flow}`;
}

const pattern = /^cleanup\/(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(\d\d)(\d\d)(\d{3})\/([^/]+)$/;

/** Undefined for a key that is not ours. */
export function readCleanupKey(key: string): Cleanup | undefined {
  const [, ...parts] = pattern.exec(key) ?? [];
  const [year, month, day, hour, minute, second, millis, flow] = parts;
  const due = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}Z`);
  return flow === undefined || Number.isNaN(due) ? undefined : { flow, due };
}
