import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { encodeComponent, headerOf, type StoreRequest } from '../http/request.ts';

/** The access key of a signature, and the day, region and service for which its signing key is valid. */
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

/** The signing keys of a store, derived from its secrets. */
export interface SigningKeys {
  derive(secret: string, scope: Scope): Buffer;
}

const mostKeys = 1000;

/** Derives a key once for each access key and scope: four HMACs would be most of a request's cost. */
export function createSigningKeys(): SigningKeys {
  const keys = new Map<string, Buffer>();
  return {
    derive(secret, scope) {
      const name = `${scope.accessKeyId}/${scopeText(scope)}`;
      const known = keys.get(name);
      if (known !== undefined) return known;
      const key = deriveKey(secret, scope);
      if (keys.size >= mostKeys) keys.clear();
      keys.set(name, key);
      return key;
    },
  };
}

/** The signature AWS Signature Version 4 gives this request under this key. */
export function signatureOf(request: StoreRequest, parts: SignedParts, key: Buffer): string {
  const hash = sha256(canonicalRequest(request, parts));
  return sign(key, ['AWS4-HMAC-SHA256', parts.date, scopeText(parts.scope), hash]);
}

/** Signs these lines: those of a request, or those of one chunk of a body. */
export function sign(key: Buffer, lines: readonly string[]): string {
  return createHmac('sha256', key).update(lines.join('\n')).digest('hex');
}

export function scopeText(scope: Scope): string {
  return `${scope.day}/${scope.region}/${scope.service}/aws4_request`;
}

export function sha256(content: string | Buffer): string {
  // Node decodes header bytes as latin1; all other text that is hashed is ASCII.
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return createHash('sha256').update(bytes).digest('hex');
}

/** Compares in a time that does not depend on how much of a guess is right. */
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

function deriveKey(secret: string, scope: Scope): Buffer {
  return [scope.day, scope.region, scope.service, 'aws4_request'].reduce(
    (key, step) => createHmac('sha256', key).update(step).digest(),
    Buffer.from('AWS4' + secret),
  );
}
