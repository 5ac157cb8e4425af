import { isTransientStatus } from '../../peer-answer.ts';
import type { DeliveryAnswer } from '../../reconciler/types.ts';
import { urlBelow } from '../callback-address.ts';
import { redactAnswer, type Answer, type Message } from '../deliver-message.ts';
import type { ConnectorCall } from '../dialect.ts';
import { describeAnswer, failed } from './describe-answer.ts';
import { managementAccess, sendWithAccess } from './management-access.ts';
import { contextOf, type ManagementApi } from './management-messages.ts';
import type { ManagementOauth2 } from './settings.ts';

/** A connector whose vault its management API writes, by EDC's module `secrets-api` (0.7 and later). */
export type WithVault = ManagementApi & { managementOauth2?: ManagementOauth2 };

export type VaultCall = ConnectorCall<WithVault>;

/**
 * Puts a secret into the connector's vault, over an earlier one of this name. The call's `redact` removes the secret. Returns the failure if it is not there now.
 */
export async function storeSecret(
  call: VaultCall,
  { id, value }: { id: string; value: string },
  signal: AbortSignal,
): Promise<DeliveryAnswer | undefined> {
  const body = {
    '@context': contextOf(call.connector.managementVersion),
    '@type': 'Secret',
    '@id': id,
    value,
  };
  const url = secretsUrl(call);
  const created = await send(call, { method: 'POST', url, body }, signal);
  if (!isStatus(created, 409)) return failureOf(created);
  return failureOf(await send(call, { method: 'PUT', url, body }, signal));
}

/** Removes a secret, which may be gone. Returns the failure if it may still be there. */
export async function removeSecret(
  call: VaultCall,
  id: string,
  signal: AbortSignal,
): Promise<DeliveryAnswer | undefined> {
  const answer = await send(call, { method: 'DELETE', url: secretsUrl(call, id) }, signal);
  return isStatus(answer, 404) ? undefined : failureOf(answer);
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

type Request = Pick<Message, 'method' | 'url' | 'body'>;

/** The answer may show what was sent. */
async function send(call: VaultCall, message: Request, signal: AbortSignal): Promise<Answer> {
  const { connector, managementKey, timeoutMillis, dispatcher, redact } = call;
  const access = managementAccess(connector, managementKey, call);
  const answer = await sendWithAccess({ ...message, timeoutMillis, dispatcher }, access, signal);
  return redactAnswer(answer, redact);
}

type Answered = Extract<Answer, { got: 'answer' }>;

function isStatus(answer: Answer, status: number): answer is Answered {
  return answer.got === 'answer' && answer.status === status;
}

/** A key, an address or a module that is missing takes somebody to correct it. */
function failureOf(answer: Answer): DeliveryAnswer | undefined {
  const status = answer.got === 'answer' ? answer.status : undefined;
  if (status !== undefined && status >= 200 && status < 300) return undefined;
  const slowly = status !== undefined && !isTransientStatus(status);
  return failed(`the vault of the connector: ${describe(answer)}`, slowly);
}

function describe(answer: Answer): string {
  return answer.got === 'answer' ? describeAnswer(answer) : answer.problem;
}
