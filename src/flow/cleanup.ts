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
