import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { readUploadHead } from '../inbox/read-upload-head.ts';
import { receiveUpload, type UploadParts } from '../uploads/receive-upload.ts';
import { discardUploads, type StoredUpload } from '../uploads/stored-upload.ts';
import { claimInbox, digestBody, saveAnswer, type InboxAnswer } from './delivered-body.ts';
import type { AssetInbox } from './inbox-token.ts';

interface InputDelivery {
  inbox: AssetInbox;
  token: string;
  headers: IncomingHttpHeaders;
  body: Readable;
}

/**
 * Makes the body an upload of the caller who has made the inbox. The body is stored before it is known whether it is the first one, since
 * only its end says so: the upload of a later one is removed again.
 */
export async function deliverInput(
  parts: UploadParts,
  { inbox, token, headers, body: stream }: InputDelivery,
  signal: AbortSignal,
): Promise<{ stored: Pick<StoredUpload, 'size' | 'sha256'>; answer: InboxAnswer }> {
  const { id, name, createdBy: caller } = inbox;
  const head = { ...readUploadHead(headers, ''), name };
  const maxBytes = Math.min(inbox.maxBytes, parts.limits.maxBytes);
  const mediaType = headers['content-type'] ?? 'application/octet-stream';
  const limited = { ...parts, limits: { ...parts.limits, maxBytes } };
  const stored = await receiveUpload(limited, { head, mediaType, caller, body: stream }, signal);
  const body = digestBody(stored.sha256, token);
  let answer: InboxAnswer | undefined;
  try {
    await claimInbox(parts, { id, body }, signal);
    answer = await saveAnswer(parts, { inbox, body, answer: { upload: stored.id } }, signal);
    return { stored, answer };
  } finally {
    // Another body was taken, or this one before.
    if (answer?.upload !== stored.id) await discardUploads(parts.store, [stored.id]);
  }
}
