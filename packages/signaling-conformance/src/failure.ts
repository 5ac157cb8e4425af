import type { PlaneAnswer } from './data-plane-client.ts';

/** The data plane did not do what the test expects; the message says what was expected and what was received. */
class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

export function fail(message: string): never {
  throw new ConformanceError(message);
}

/** What an answer is called in a failure. The body is cut, since it may be a page of HTML. */
export function describeAnswer({ status, text }: PlaneAnswer): string {
  return text === '' ? `${status} without a body` : `${status} ${text.slice(0, 200).replaceAll(/\s+/g, ' ')}`;
}

/** Compares JSON values; the order of members does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
