import type { Condition, JobStatus } from './job.ts';

export interface ConditionChange {
  type: string;
  status?: 'True' | 'False';
  reason: string;
  message: string;
}

export function trueCondition(status: JobStatus, type: string): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export function isFinished(status: JobStatus): boolean {
  return trueCondition(status, 'Complete') !== undefined || trueCondition(status, 'Failed') !== undefined;
}

/** Adds the condition or moves it to another status; says whether anything changed. */
export function setCondition(status: JobStatus, change: ConditionChange, time: string): boolean {
  const conditions = (status.conditions ??= []);
  const known = conditions.find((condition) => condition.type === change.type);
  const wanted = change.status ?? 'True';
  if (known?.status === wanted && known.reason === change.reason) return false;
  const next = { ...change, status: wanted, lastProbeTime: time, lastTransitionTime: time };
  if (known) Object.assign(known, next);
  else conditions.push(next);
  return true;
}
