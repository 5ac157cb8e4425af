import { messageOf } from './errors.ts';

/** Short-lived answers of a proxy in front of a peer; working peers do not send them. */
const transient = [408, 425, 429];

/** The same request may get another answer later. */
export function isTransientStatus(status: number): boolean {
  return status >= 500 || transient.includes(status);
}

/** The start of a peer's text, in one line and without control characters: it goes to logs and annotations. */
export function excerpt(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
}

/** Why a request got no answer, with the code of the system or the library. */
export function describeFailure(error: unknown): string {
  const cause = error instanceof Error && error.message === '' ? error.cause : undefined;
  const { code } = error as { code?: unknown };
  const text = messageOf(cause ?? error);
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}
