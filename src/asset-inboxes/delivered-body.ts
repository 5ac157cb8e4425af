import { createHmac } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { inboxAnswerKey, inboxBodyKey } from '../flow/keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { addJson } from '../storage/upload/put-object.ts';
import type { AssetInbox } from './inbox-token.ts';

/** What became of the body of an inbox. */
export interface InboxAnswer {
  envFile?: { version: number; digest: string };
  upload?: string;
}

interface Stored {
  /** Digest of the body, by which a repeat is known. */
  body: string;
  answer: InboxAnswer;
  inbox: Pick<AssetInbox, 'connector' | 'assetId' | 'template' | 'kind' | 'name'>;
}

export interface BodyDependencies {
  store: Pick<ObjectStore, 'read'>;
  /** For writes that must not replace another one's. */
  uploads: StoreAccess;
}

const limitBytes = 64 * 1024;

/** With the token as its key: nobody without the token can guess a secret body by its digest in the bucket. */
export function digestBody(body: Buffer | string, token: string): string {
  return createHmac('sha256', token).update(body).digest('hex');
}

/** Undefined if no body has been taken, or if its taker died before its answer. */
export async function readDelivered(
  { store }: Pick<BodyDependencies, 'store'>,
  id: string,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  const object = await store.read(inboxAnswerKey(id), limitBytes, signal);
  return object?.bytes && (JSON.parse(object.bytes.toString('utf8')) as Stored);
}

/** The same for a repeat. Throws `conflict` if it was another body. */
export async function findAnswer(
  deps: Pick<BodyDependencies, 'store'>,
  { id, body }: { id: string; body: string },
  signal: AbortSignal,
): Promise<InboxAnswer | undefined> {
  const stored = await readDelivered(deps, id, signal);
  if (stored !== undefined && stored.body !== body) throw takenAlready();
  return stored?.answer;
}

/** Makes this body the only one of the inbox, or throws `conflict`. */
export async function claimInbox(
  { uploads }: Pick<BodyDependencies, 'uploads'>,
  { id, body }: { id: string; body: string },
  signal: AbortSignal,
): Promise<void> {
  if (!(await addJson(uploads, { key: inboxBodyKey(id), value: { body } }, signal))) throw takenAlready();
}

/** Returns the answer that was saved first. */
export async function saveAnswer(
  { store, uploads }: BodyDependencies,
  { inbox, body, answer }: Omit<Stored, 'inbox'> & { inbox: AssetInbox },
  signal: AbortSignal,
): Promise<InboxAnswer> {
  const { id, connector, assetId, template, kind, name } = inbox;
  const value: Stored = { body, answer, inbox: { connector, assetId, template, kind, name } };
  if (await addJson(uploads, { key: inboxAnswerKey(id), value }, signal)) return answer;
  return (await findAnswer({ store }, { id, body }, signal)) ?? answer;
}

function takenAlready(): ServiceError {
  return new ServiceError('conflict', 'this inbox has taken its one body: expected no other');
}
