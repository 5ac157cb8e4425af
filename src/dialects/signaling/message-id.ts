import { hash } from 'node:crypto';

/**
 * The id of a message that this data plane sends: a UUID (RFC 9562, version 8) that follows from the flow and the cause of the message,
 * so that a repeated answer and a repeated callback have the id of the first one, whichever replica sends them.
 */
export function messageIdFor(flow: string, ...cause: string[]): string {
  const digest = hash('sha256', JSON.stringify([flow, ...cause]), 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 3) | 8).toString(16);
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`];
  return [...parts, `${variant}${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
}
