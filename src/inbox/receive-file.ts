import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { ServiceError, isServiceError } from '../errors.ts';
import { encodeKey, fileKey } from '../result/manifest.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { putObject } from '../storage/upload/put-object.ts';
import { StreamUpload } from '../storage/upload/upload-stream.ts';
import { watchProgress } from '../transfer/watch-progress.ts';
import { checkDigest, type UploadHead } from './read-upload-head.ts';
import { receivedKey, type InboxOfFlow, type ReceivedFile } from './received-file.ts';
import { roomFor } from './room.ts';
import { writeBody } from './write-body.ts';
import { jsonPayload } from '../storage/upload/ask-store.ts';

export interface InboxParts {
  store: ObjectStore;
  /** For the bodies. */
  uploads: StoreAccess;
  limits: InboxLimits;
  clock: Clock;
  now: () => Date;
}

export interface InboxLimits {
  /** Of all files of a flow. */
  maxBytes: number;
  /** Without a byte. */
  idleMillis: number;
  /** Of one upload. */
  totalMillis: number;
}

export interface Reception {
  inbox: InboxOfFlow;
  head: UploadHead;
  body: Readable;
  /** Whether the flow still takes data. */
  readState(signal: AbortSignal): Promise<{ state: 'open' | 'paused' | 'complete' | 'deleted' }>;
}

const limit = 'transfers.maxReceivedBytes';

/**
 * Streams one body into the bucket, where it takes the place of an earlier file of the same name at once and as a whole. Once this resolves,
 * the file is among the results that the flow gets when it is complete. If it throws, neither an object nor an upload is left.
 */
export async function receiveFile(
  parts: InboxParts,
  reception: Reception,
  signal: AbortSignal,
): Promise<ReceivedFile> {
  const { limits, clock, uploads, now } = parts;
  const { inbox, head } = reception;
  const { name, size } = head;
  const key = fileKey(inbox.flow, inbox.attempt, encodeKey(name));
  const maxBytes = await roomFor(parts, { inbox, key }, signal);
  const upload = new StreamUpload({ store: uploads, key, size, maxBytes, limit });
  const waiting = { for: 'the sender gave no byte' };
  const deadline = clock.monotonic() + limits.totalMillis;
  const progress = { clock, idleMillis: limits.idleMillis, deadline, waitsFor: () => waiting.for };
  using watch = watchProgress(progress, signal);
  try {
    const check = flowCheck(reception, clock, watch.signal);
    await writeBody(reception.body, { upload, watch, waiting }, check);
    checkDigest(head, upload);
    // Others may have arrived since.
    if (upload.size > (await roomFor(parts, { inbox, key }, watch.signal))) throw tooLarge(limits);
    const stored = await upload.finish(watch.signal);
    const received = { ...stored, name, receivedAt: now().toISOString() };
    await saveReceived(parts, { inbox, received }, watch.signal);
    const { state } = await reception.readState(watch.signal);
    // The manifest of a complete flow may name it already; what a deleted flow gets after its deletion is left.
    if (state === 'deleted') await parts.store.remove([key, receivedKey(inbox, name)], watch.signal);
    if (isOver(state)) throw takesNothing();
    return received;
  } catch (error) {
    await upload.abort();
    // The end of the flow aborts the uploads to its inbox.
    if (isServiceError(error, 'store-refused') && isOver((await reception.readState(signal)).state))
      throw takesNothing();
    throw error;
  }
}

/** While bytes arrive, how long an end of the flow may remain unnoticed. */
const checkMillis = 5000;

/** Throws when the flow has ended, and looks no more often than the time above. */
function flowCheck(reception: Reception, clock: Clock, signal: AbortSignal): () => Promise<void> {
  let checkedAt = clock.monotonic();
  return async () => {
    if (clock.monotonic() - checkedAt <= checkMillis) return;
    // A suspension stops the sender too: what is under way arrives.
    if (isOver((await reception.readState(signal)).state)) throw takesNothing();
    checkedAt = clock.monotonic();
  };
}

function isOver(state: string): boolean {
  return state === 'complete' || state === 'deleted';
}

export function takesNothing(): ServiceError {
  return new ServiceError('gone', 'this inbox takes nothing any more');
}

function tooLarge({ maxBytes }: InboxLimits): ServiceError {
  return new ServiceError('payload-too-large', `expected at most ${maxBytes} bytes for one flow (${limit})`);
}

async function saveReceived(
  { uploads }: InboxParts,
  { inbox, received }: { inbox: InboxOfFlow; received: ReceivedFile },
  signal: AbortSignal,
): Promise<void> {
  const object = { key: receivedKey(inbox, received.name), payload: jsonPayload(received) };
  await putObject(uploads, object, signal);
}
