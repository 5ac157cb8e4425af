/**
 * Every key in the bucket. All but the indexes lie below `flows/<flow>/`: an attempt's below a folder of its own, since its pod may
 * write there and nowhere else. Shared with the pod half, so this file imports nothing.
 */
export const flowsPrefix = 'flows/';

/** The slash matters: without it `flow-1` would hold for `flow-10` too. */
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

/** An environment that is too large for an annotation. Each request writes its own: what a dead one left is deleted by its age. */
export function environmentKey(flow: string, acceptedAt: string): string {
  return `${flowPrefix(flow)}environment-${Date.parse(acceptedAt)}.json`;
}

/** Whether a key is of an environment that was written after a time, in milliseconds since the epoch. */
export function environmentBornAfter(key: string, millis: number): boolean {
  const [, born] = /^flows\/[^/]+\/environment-(\d{1,16})\.json$/.exec(key) ?? [];
  return born !== undefined && Number(born) > millis;
}

/** The index by date of acceptance: an empty object a flow. */
export function recordIndexKey(flow: string, acceptedAt: string): string {
  return `records/${acceptedAt.slice(0, 10).replaceAll('-', '/')}/${flow}`;
}

/**
 * What has to be deleted from the bucket, and when, in keys of empty objects that are listed in the order of their times:
 * `cleanup/<yyyy>/<mm>/<dd>/<hhmmssmmm>/<flow>`, UTC. A sweep reads what is due and stops; it depends on no Job.
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
