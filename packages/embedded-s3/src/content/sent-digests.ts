import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { checksumAlgorithms, digestSizes, type ChecksumAlgorithm, type DigestName } from './digests.ts';
import type { Payload } from './payload.ts';

/** The digests that a request has of its content, in headers or announced for a trailer. */
export interface SentDigests {
  readonly md5: Buffer | undefined;
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** '' when it comes in a trailer. */
  readonly checksum: string;
}

export function readSentDigests(request: StoreRequest): SentDigests {
  const algorithm = readAlgorithm(request);
  const checksum = algorithm === undefined ? '' : headerOf(request, `x-amz-checksum-${algorithm}`);
  return { md5: readMd5(request), algorithm, checksum };
}

/** The digests to compute for the check. */
export function digestsToCheck(sent: SentDigests, payload: Payload): DigestName[] {
  const names: DigestName[] = [];
  if (sent.md5 !== undefined) names.push('md5');
  if (sent.algorithm !== undefined) names.push(sent.algorithm);
  if (payload.sha256 !== undefined) names.push('sha256');
  return names;
}

/** Throws unless the received content has the digests that were sent and signed. */
export function checkSentDigests(
  sent: SentDigests,
  payload: Payload,
  found: ReadonlyMap<DigestName, Buffer>,
): void {
  if (payload.sha256 !== undefined && found.get('sha256')?.toString('hex') !== payload.sha256)
    throw new StoreError('XAmzContentSHA256Mismatch');
  if (sent.md5 !== undefined && found.get('md5')?.equals(sent.md5) !== true)
    throw new StoreError('BadDigest');
  if (sent.algorithm === undefined) return;
  const claimed = payload.trailers.get(`x-amz-checksum-${sent.algorithm}`) ?? sent.checksum;
  checkChecksum(sent.algorithm, claimed, found.get(sent.algorithm));
}

function checkChecksum(algorithm: ChecksumAlgorithm, claimed: string, found: Buffer | undefined): void {
  if (Buffer.from(claimed, 'base64').length !== digestSizes[algorithm])
    throw new StoreError('InvalidRequest', `The value of x-amz-checksum-${algorithm} is not valid.`);
  if (found?.toString('base64') !== claimed)
    throw new StoreError('BadDigest', `The ${algorithm} that was sent is not that of the content.`);
}

function readMd5(request: StoreRequest): Buffer | undefined {
  if (request.headers['content-md5'] === undefined) return undefined;
  const digest = Buffer.from(headerOf(request, 'content-md5'), 'base64');
  if (digest.length !== digestSizes.md5) throw new StoreError('InvalidDigest');
  return digest;
}

function readAlgorithm(request: StoreRequest): ChecksumAlgorithm | undefined {
  const trailers = headerOf(request, 'x-amz-trailer').toLowerCase().split(',');
  const announced = new Set(trailers.map((name) => name.trim()));
  const sent = checksumAlgorithms.filter((name) => {
    const header = `x-amz-checksum-${name}`;
    return request.headers[header] !== undefined || announced.has(header);
  });
  const wanted = headerOf(request, 'x-amz-sdk-checksum-algorithm').toLowerCase();
  if (sent.length > 1 || (wanted !== '' && sent[0] !== wanted))
    throw new StoreError('InvalidRequest', 'Exactly the one checksum that is announced must be sent.');
  return sent[0];
}
