import { ServiceError } from '../../errors.ts';
import { askStore, objectPath, plainEtag, type StoreAccess } from './ask-store.ts';
import { maxParts, type MultipartUpload } from './multipart-upload.ts';
import { refusal, refusalCode } from './refusal.ts';

export interface StoredPart {
  number: number;
  etag: string;
  /** Bytes. */
  size: number;
}

const pageSize = 1000;

/** The parts that the store has, in the order of their numbers. Undefined if there is no such upload: it is complete, or aborted. */
export async function listParts(
  store: StoreAccess,
  upload: MultipartUpload,
  signal: AbortSignal,
): Promise<StoredPart[] | undefined> {
  const parts: StoredPart[] = [];
  for (;;) {
    const after = parts.at(-1)?.number ?? 0;
    const body = await readPage(store, { ...upload, after }, signal);
    if (body === undefined) return undefined;
    const page = Array.from(body.matchAll(/<Part>(.*?)<\/Part>/gs), ([, part = '']) => readPart(part));
    parts.push(...page);
    if (!/<IsTruncated>\s*true/.test(body)) return parts;
    if (page.length === 0 || parts.length > maxParts)
      throw new ServiceError('store-refused', `the store lists the parts of ${upload.key} without an end`);
  }
}

async function readPage(
  store: StoreAccess,
  { key, uploadId, after }: MultipartUpload & { after: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = `?max-parts=${pageSize}&part-number-marker=${after}&uploadId=${encodeURIComponent(uploadId)}`;
  const what = `to list the parts of ${key}`;
  const path = objectPath(store, key, query);
  const answer = await askStore(
    store,
    { what, method: 'GET', path, headers: {}, accept: [200, 404] },
    signal,
  );
  if (answer.status === 200) return answer.body;
  if (refusalCode(answer) === 'NoSuchUpload') return undefined;
  throw refusal(answer, what);
}

function readPart(xml: string): StoredPart {
  const number = Number(/<PartNumber>(\d+)</.exec(xml)?.[1]);
  const size = Number(/<Size>(\d+)</.exec(xml)?.[1]);
  return { number, size, etag: plainEtag(/<ETag>([^<]*)</.exec(xml)?.[1] ?? '') };
}
