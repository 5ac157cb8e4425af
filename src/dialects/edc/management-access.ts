import { createRedactor } from '../../redact-secrets.ts';
import { deliverMessage, redactAnswer, type Answer, type Message } from '../deliver-message.ts';
import type { ConnectorCall } from '../dialect.ts';
import type { Client } from '../request-token.ts';
import type { AccessTokens } from '../access-tokens.ts';
import { keyHeader } from './names.ts';
import type { ManagementOauth2 } from './settings.ts';

/** Credentials of the web context that is called: a key, an OAuth2 client, or both if a gateway asks for one of them. */
export interface Access {
  key: string | undefined;
  oauth2?: { client: Client; accessTokens: AccessTokens } | undefined;
}

type Call = Pick<ConnectorCall<object>, 'managementClientSecret' | 'accessTokens'>;

/** Credentials of the connector's management API with this key. */
export function managementAccess(
  { managementOauth2 }: { managementOauth2?: ManagementOauth2 },
  key: string | undefined,
  { managementClientSecret: clientSecret = '', accessTokens }: Call,
): Access {
  if (managementOauth2 === undefined) return { key };
  return { key, oauth2: { client: { ...managementOauth2, clientSecret }, accessTokens } };
}

/**
 * Sends a message with the credentials. A token that is refused with 401 is replaced once: the server may have dropped it early, and a
 * message that is refused so had no effect. Throws only when `signal` aborts.
 */
export async function sendWithAccess(
  message: Omit<Message, 'headers'>,
  { key, oauth2 }: Access,
  signal: AbortSignal,
): Promise<Answer> {
  if (oauth2 === undefined) return await deliverMessage({ ...message, headers: keyHeader(key) }, signal);
  const { client, accessTokens } = oauth2;
  for (let attempt = 1; ; attempt += 1) {
    const got = await accessTokens.get(client, message, signal);
    if ('problem' in got) return { got: 'nothing', problem: got.problem, sent: false };
    const headers = { ...keyHeader(key), authorization: `Bearer ${got.token}` };
    const answer = await deliverMessage({ ...message, headers }, signal);
    const isRefused = answer.got === 'answer' && answer.status === 401;
    if (isRefused) accessTokens.drop(client, got.token);
    if (!isRefused || attempt === 2) return redactAnswer(answer, createRedactor([got.token]), message);
  }
}
