import { createRedactor } from '../../redact-secrets.ts';
import { urlBelow } from '../callback-address.ts';
import { redactAnswer, type Answer, type Message } from '../deliver-message.ts';
import type { ConnectorCall } from '../dialect.ts';
import { describeAnswer } from './describe-answer.ts';
import { managementAccess, sendWithAccess } from './management-access.ts';
import { contextOf, type ManagementApi } from './management-messages.ts';
import type { ManagementOauth2 } from './settings.ts';

/** A connector whose vault its management API writes, by EDC's module `secrets-api` (0.7 and later). */
export type WithVault = ManagementApi & { managementOauth2?: ManagementOauth2 };

export type VaultCall = ConnectorCall<WithVault>;

/** Puts a secret into the connector's vault, over an earlier one of this name. Returns the problem if it is not there now. */
export async function storeSecret(
  call: VaultCall,
  { id, value }: { id: string; value: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const body = {
    '@context': contextOf(call.connector.managementVersion),
    '@type': 'Secret',
    '@id': id,
    value,
  };
  const url = secretsUrl(call);
  const created = await send(call, { method: 'POST', url, body, secret: value }, signal);
  if (!isStatus(created, 409)) return problemOf(created);
  return problemOf(await send(call, { method: 'PUT', url, body, secret: value }, signal));
}

/** Removes a secret, which may be gone. Returns the problem if it may still be there. */
export async function removeSecret(
  call: VaultCall,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await send(call, { method: 'DELETE', url: secretsUrl(call, id) }, signal);
  return isStatus(answer, 404) ? undefined : problemOf(answer);
}

/** Reads a secret that does not exist. Undefined if the answer is that of the module. */
export async function findVaultProblem(
  call: VaultCall,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await send(call, { method: 'GET', url: secretsUrl(call, id) }, signal);
  return isStatus(answer, 404) && answer.body.includes('ObjectNotFound') ? undefined : describe(answer);
}

function secretsUrl({ connector }: VaultCall, ...id: string[]): string {
  return urlBelow(connector.managementUrl, connector.managementVersion, 'secrets', ...id);
}

type Request = Pick<Message, 'method' | 'url' | 'body'> & { secret?: string };

/** The answer may show what was sent. */
async function send(call: VaultCall, { secret, ...message }: Request, signal: AbortSignal): Promise<Answer> {
  const { connector, managementKey, timeoutMillis, dispatcher, redact } = call;
  const access = managementAccess(connector, managementKey, call);
  const answer = await sendWithAccess({ ...message, timeoutMillis, dispatcher }, access, signal);
  const own = createRedactor([managementKey, secret]);
  return redactAnswer(answer, (text) => redact(own(text)));
}

type Answered = Extract<Answer, { got: 'answer' }>;

function isStatus(answer: Answer, status: number): answer is Answered {
  return answer.got === 'answer' && answer.status === status;
}

function problemOf(answer: Answer): string | undefined {
  if (answer.got === 'answer' && answer.status >= 200 && answer.status < 300) return undefined;
  return `the vault of the connector: ${describe(answer)}`;
}

function describe(answer: Answer): string {
  return answer.got === 'answer' ? describeAnswer(answer) : answer.problem;
}
