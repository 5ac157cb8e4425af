import { isRecord } from './copy.ts';

/** Follows members of unknown data: `member(pod, 'status', 'phase')`. */
export function member(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) found = isRecord(found) ? found[name] : undefined;
  return found;
}

export function textMember(value: unknown, ...path: string[]): string {
  const found = member(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function numberMember(value: unknown, ...path: string[]): number {
  const found = member(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function listMember(value: unknown, ...path: string[]): unknown[] {
  const found = member(value, ...path);
  return Array.isArray(found) ? (found as unknown[]) : [];
}
