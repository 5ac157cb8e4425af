import type { StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { readSignature, type PresentedSignature } from '../signature/presented-signature.ts';
import { sameSecret, signatureOf, type SigningKeys } from '../signature/signature.ts';
import { isAllowed, type Demand } from './session-policy.ts';
import type { Session, Sessions } from './sessions.ts';

/** The credentials of this store: one long-lived key and the sessions that it made. */
export interface Keyring {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly sessions: Sessions;
  readonly signingKeys: SigningKeys;
  now(): number;
}

/** The verified sender of a request. */
export interface Caller {
  /** Undefined for the long-lived key. */
  readonly session: Session | undefined;
  readonly signingKey: Buffer;
  readonly signature: PresentedSignature;
}

const largestSkew = 15 * 60_000;
// A client or a proxy may add these headers after signing; they do not change the meaning of the request.
const unsignedAllowed = new Set(['x-amz-content-sha256', 'x-amz-user-agent']);

/** Verifies the sender of the request and its head. The body is verified when it is read. */
export function authenticate(request: StoreRequest, keyring: Keyring): Caller {
  return authenticateAs(request, keyring, { service: 's3', signature: readSignature(request) });
}

/** Does the same with a signature that is parsed already, for the service that must be in its scope. */
export function authenticateAs(
  request: StoreRequest,
  keyring: Keyring,
  expected: { service: 's3' | 'sts'; signature: PresentedSignature },
): Caller {
  const { signature, service } = expected;
  const { session, secret } = findKey(signature.scope.accessKeyId, keyring);
  checkScope(request, signature, { region: keyring.region, service });
  checkTime(signature, keyring.now());
  if (signature.payloadHash === '')
    throw new StoreError('InvalidRequest', 'The header x-amz-content-sha256 is missing.');
  const signingKey = keyring.signingKeys.derive(secret, signature.scope);
  if (!sameSecret(signatureOf(request, signature, signingKey), signature.signature))
    throw new StoreError('SignatureDoesNotMatch');
  checkSignedHeaders(request, signature);
  checkToken(signature, session, keyring.now());
  return { session, signingKey, signature };
}

/** Whether the caller has this right: the long-lived key has all, a session those of its policy. */
export function mayDo(caller: Caller, demand: Demand): boolean {
  const policy = caller.session?.policy;
  return policy === undefined || isAllowed(policy, demand);
}

function findKey(accessKeyId: string, keyring: Keyring): { session: Session | undefined; secret: string } {
  if (accessKeyId === keyring.accessKeyId) return { session: undefined, secret: keyring.secretAccessKey };
  const session = keyring.sessions.find(accessKeyId);
  if (session === undefined) throw new StoreError('InvalidAccessKeyId');
  return { session, secret: session.secretAccessKey };
}

function checkScope(
  request: StoreRequest,
  signature: PresentedSignature,
  expected: { region: string; service: string },
): void {
  const { scope, by } = signature;
  const code = by === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  if (scope.service !== expected.service)
    throw new StoreError(
      code,
      `The credential is for the service ${scope.service}, expected ${expected.service}.`,
    );
  // A client that does not know the region yet signs with the default one.
  const asksForRegion = request.query.has('location') && scope.region === 'us-east-1';
  if (scope.region !== expected.region && !asksForRegion)
    throw new StoreError(
      code,
      `The credential is for the region ${scope.region}, expected '${expected.region}'.`,
    );
}

function checkTime(signature: PresentedSignature, now: number): void {
  if (signature.by === 'header') {
    if (Math.abs(now - signature.time) > largestSkew) throw new StoreError('RequestTimeTooSkewed');
    return;
  }
  if (signature.time - now > largestSkew)
    throw new StoreError('AccessDenied', 'The request is not valid yet.');
  if (now > signature.time + signature.lifetime * 1000)
    throw new StoreError('AccessDenied', 'The request has expired.');
}

function checkSignedHeaders(request: StoreRequest, signature: PresentedSignature): void {
  const signed = new Set(signature.signedHeaders);
  const added = Object.keys(request.headers).find(
    (name) => name.startsWith('x-amz-') && !signed.has(name) && !unsignedAllowed.has(name),
  );
  if (added !== undefined) throw new StoreError('AccessDenied', `The header ${added} is not signed.`);
}

function checkToken(signature: PresentedSignature, session: Session | undefined, now: number): void {
  if (session === undefined) {
    if (signature.token !== undefined) throw new StoreError('InvalidTokenId');
    return;
  }
  if (signature.token === undefined || !sameSecret(signature.token, session.token))
    throw new StoreError('InvalidTokenId');
  if (session.expires <= now) throw new StoreError('ExpiredToken');
}
