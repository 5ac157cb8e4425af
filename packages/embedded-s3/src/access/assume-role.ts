import { xmlAnswer, type Answer } from '../http/answer.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, stsDocument } from '../http/xml.ts';
import { readSignature } from '../signature/presented-signature.ts';
import { sha256 } from '../signature/signature.ts';
import { authenticateAs, type Keyring } from './authenticate.ts';
import { parseSessionPolicy } from './parse-session-policy.ts';
import type { Session } from './sessions.ts';

const largestRequest = 64 * 1024;
const shortest = 900;
const longest = 43_200;
// Clients must send names of a role and a session. There are no roles here, so they are ignored.
const known = ['Action', 'Version', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy'];

/**
 * STS AssumeRole with the long-lived key: issues credentials for a limited time with the rights of the session policy.
 * A session cannot make another one.
 */
export async function assumeRole(request: StoreRequest, keyring: Keyring): Promise<Answer> {
  const signature = readSignature(request);
  if (signature.by === 'query')
    throw new StoreError('AccessDenied', 'AssumeRole must be signed in its header.');
  const body = await readBody(request);
  // STS clients may leave x-amz-content-sha256 out; the hash of the body is signed in any case.
  const payloadHash = sha256(body);
  if (signature.payloadHash !== '' && signature.payloadHash !== payloadHash)
    throw new StoreError('XAmzContentSHA256Mismatch');
  const caller = authenticateAs(request, keyring, {
    service: 'sts',
    signature: { ...signature, payloadHash },
  });
  if (caller.session !== undefined)
    throw new StoreError('AccessDenied', 'A session cannot make another one.');
  const form = readForm(body.toString('utf8'));
  const policy = form.get('Policy');
  const session = keyring.sessions.issue(
    readDuration(form.get('DurationSeconds')),
    policy === undefined ? undefined : parseSessionPolicy(policy),
  );
  return xmlAnswer(resultXml(session, request.id));
}

async function readBody(request: StoreRequest): Promise<Buffer> {
  if (Number(headerOf(request, 'content-length')) > largestRequest) throw new StoreError('EntityTooLarge');
  const chunks: Buffer[] = [];
  let size = 0;
  request.acceptBody();
  for await (const chunk of request.message.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > largestRequest) throw new StoreError('EntityTooLarge');
  }
  return Buffer.concat(chunks);
}

function readForm(text: string): Map<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) throw new StoreError('InvalidParameterValue', `${name} is given twice.`);
    form.set(name, value);
  }
  if (form.get('Action') !== 'AssumeRole' || form.get('Version') !== '2011-06-15')
    throw new StoreError('InvalidAction', 'The one action here is AssumeRole of the version 2011-06-15.');
  const other = [...form.keys()].find((name) => !known.includes(name));
  if (other !== undefined)
    throw new StoreError('InvalidParameterValue', `The parameter ${other} is not supported.`);
  return form;
}

function readDuration(text: string | undefined): number {
  if (text === undefined) return 3600;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < shortest || seconds > longest)
    throw new StoreError('InvalidParameterValue', `DurationSeconds must be ${shortest} to ${longest}.`);
  return seconds;
}

function resultXml(session: Session, requestId: string): string {
  const credentials = branch('Credentials', [
    leaf('AccessKeyId', session.accessKeyId),
    leaf('SecretAccessKey', session.secretAccessKey),
    leaf('SessionToken', session.token),
    leaf('Expiration', new Date(session.expires).toISOString()),
  ]);
  const user = branch('AssumedRoleUser', [leaf('Arn', ''), leaf('AssumedRoleId', session.accessKeyId)]);
  return stsDocument('AssumeRoleResponse', [
    branch('AssumeRoleResult', [credentials, user]),
    branch('ResponseMetadata', [leaf('RequestId', requestId)]),
  ]);
}
