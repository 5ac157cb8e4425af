import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { encodeComponent, headerOf, type StoreRequest } from './request.ts';

/** Who signed, and for which day, region and service the signing key holds. */
export interface Scope {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

export interface SignedParts {
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  readonly date: string;
  readonly scope: Scope;
}

const keysKept = 1000;
const signingKeys = new Map<string, Buffer>();

/** The signature AWS Signature Version 4 gives this request under this key. */
export function signatureOf(request: StoreRequest, parts: SignedParts, secret: string): string {
  const hash = sha256(canonicalRequest(request, parts));
  return hmac(
    signingKey(secret, parts.scope),
    ['AWS4-HMAC-SHA256', parts.date, scopeText(parts.scope), hash].join('\n'),
  );
}

/** The signature of one piece of an `aws-chunked` body, which goes on from the piece before it. */
export function chunkSignature(key: Buffer, lines: readonly string[]): string {
  return hmac(key, lines.join('\n'));
}

export function scopeText(scope: Scope): string {
  return `${scope.day}/${scope.region}/${scope.service}/aws4_request`;
}

/** Derived once for a secret and scope: four HMACs a request would be most of its cost. */
export function signingKey(secret: string, scope: Scope): Buffer {
  const name = `${secret}\n${scopeText(scope)}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const steps = [scope.day, scope.region, scope.service, 'aws4_request'];
  const key = steps.reduce(
    (from, step) => createHmac('sha256', from).update(step).digest(),
    Buffer.from('AWS4' + secret),
  );
  if (signingKeys.size >= keysKept) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

export function sha256(content: string | Buffer): string {
  // Node hands over header bytes as latin1; the rest of what is hashed as text is ASCII.
  return typeof content === 'string'
    ? createHash('sha256').update(content, 'latin1').digest('hex')
    : createHash('sha256').update(content).digest('hex');
}

/** Compares without telling by its duration how much of a guess was right. */
export function sameSecret(one: string, other: string): boolean {
  const left = createHash('sha256').update(one).digest();
  const right = createHash('sha256').update(other).digest();
  return timingSafeEqual(left, right);
}

function canonicalRequest(request: StoreRequest, parts: SignedParts): string {
  const headers = parts.signedHeaders.map(
    (name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    request.method,
    request.canonicalPath,
    canonicalQuery(request.query),
    headers.join(''),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}

function canonicalQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeComponent(name), encodeComponent(value)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
