import { attemptPrefix } from '../flow/keys.ts';
import { encodeKey } from '../result/manifest.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoredStream } from '../storage/upload/upload-stream.ts';

/** What is known of a file that was sent to an inbox. It is written when the file is whole, beside the results, until the manifest is. */
export interface ReceivedFile extends StoredStream {
  name: string;
  /** RFC 3339. */
  receivedAt: string;
}

/** The files of a flow that receives; its Job takes the place of an attempt. */
export interface InboxOfFlow {
  flow: string;
  attempt: string;
}

export function receivedPrefix({ flow, attempt }: InboxOfFlow): string {
  return `${attemptPrefix(flow, attempt)}received/`;
}

export function receivedKey(inbox: InboxOfFlow, name: string): string {
  return `${receivedPrefix(inbox)}${encodeKey(name)}.json`;
}

const limitBytes = 64 * 1024;

/** Undefined if there is none: its writer died before it. */
export async function readReceived(
  { store, inbox, name }: { store: Pick<ObjectStore, 'read'>; inbox: InboxOfFlow; name: string },
  signal: AbortSignal,
): Promise<ReceivedFile | undefined> {
  const object = await store.read(receivedKey(inbox, name), limitBytes, signal);
  return object?.bytes && (JSON.parse(object.bytes.toString('utf8')) as ReceivedFile);
}
