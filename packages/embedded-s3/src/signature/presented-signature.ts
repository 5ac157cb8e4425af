import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError, type StoreErrorCode } from '../http/store-error.ts';
import type { Scope, SignedParts } from './signature.ts';

/** The signature of a request from its Authorization header or its query, not yet verified. */
export interface PresentedSignature extends SignedParts {
  readonly by: 'header' | 'query';
  readonly time: number;
  /** Seconds for which a presigned URL is valid; 0 for a signed request. */
  readonly lifetime: number;
  readonly signature: string;
  readonly token: string | undefined;
}

const algorithm = 'AWS4-HMAC-SHA256';
const longestLifetime = 7 * 24 * 3600;

/** Parses the signature of a request. Throws AccessDenied when there is none, a 400 when it is malformed. */
export function readSignature(request: StoreRequest): PresentedSignature {
  const authorization = headerOf(request, 'authorization');
  const presigned = request.query.has('X-Amz-Signature') || request.query.has('X-Amz-Algorithm');
  if (authorization !== '' && presigned)
    throw new StoreError(
      'InvalidArgument',
      'Only one of the Authorization header and the X-Amz-* query parameters may be given.',
    );
  if (presigned) return fromQuery(request);
  if (authorization === '') {
    if (request.query.has('Signature')) throw unsupported();
    throw new StoreError('AccessDenied', 'The request is not signed.');
  }
  return fromHeader(request, authorization);
}

function unsupported(): StoreError {
  return new StoreError('InvalidRequest', `Only ${algorithm} is supported as authorization mechanism.`);
}

function fromHeader(request: StoreRequest, authorization: string): PresentedSignature {
  if (!authorization.startsWith(algorithm + ' ')) throw unsupported();
  const wrong = 'AuthorizationHeaderMalformed';
  const fields = new Map<string, string>();
  for (const field of authorization.slice(algorithm.length).split(',')) {
    const [name, value] = field.trim().split(/=(.*)/s, 2);
    fields.set(name ?? '', value ?? '');
  }
  const date = headerOf(request, 'x-amz-date');
  return {
    by: 'header',
    ...signedParts({
      credential: fields.get('Credential'),
      date,
      headers: fields.get('SignedHeaders'),
      wrong,
    }),
    lifetime: 0,
    signature: readHex(fields.get('Signature'), wrong),
    token:
      request.headers['x-amz-security-token'] === undefined
        ? undefined
        : headerOf(request, 'x-amz-security-token'),
    payloadHash: headerOf(request, 'x-amz-content-sha256'),
  };
}

function fromQuery(request: StoreRequest): PresentedSignature {
  const { query } = request;
  const wrong = 'AuthorizationQueryParametersError';
  if (query.get('X-Amz-Algorithm') !== algorithm) throw unsupported();
  const lifetime = query.get('X-Amz-Expires') ?? '';
  if (!/^\d{1,6}$/.test(lifetime) || Number(lifetime) < 1 || Number(lifetime) > longestLifetime)
    throw new StoreError(wrong, `X-Amz-Expires must be 1 to ${longestLifetime} seconds.`);
  const date = query.get('X-Amz-Date') ?? '';
  const signed = headerOf(request, 'x-amz-content-sha256');
  return {
    by: 'query',
    ...signedParts({
      credential: query.get('X-Amz-Credential'),
      date,
      headers: query.get('X-Amz-SignedHeaders'),
      wrong,
    }),
    lifetime: Number(lifetime),
    signature: readHex(query.get('X-Amz-Signature'), wrong),
    token: query.get('X-Amz-Security-Token'),
    payloadHash: query.get('X-Amz-Content-Sha256') ?? (signed === '' ? 'UNSIGNED-PAYLOAD' : signed),
  };
}

interface SignedFields {
  readonly credential: string | undefined;
  readonly date: string;
  readonly headers: string | undefined;
  readonly wrong: StoreErrorCode;
}

function signedParts(fields: SignedFields): Omit<SignedParts, 'payloadHash'> & { time: number } {
  const { wrong, date } = fields;
  const scope = readScope(fields.credential, wrong);
  const iso = date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  const time = iso === date ? NaN : Date.parse(iso);
  if (Number.isNaN(time)) throw new StoreError(wrong, 'X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ.');
  if (!date.startsWith(scope.day))
    throw new StoreError(wrong, 'The day of the credential is not the day of X-Amz-Date.');
  const signedHeaders = (fields.headers ?? '').split(';');
  if (!signedHeaders.includes('host'))
    throw new StoreError(wrong, 'The host header must be among the signed headers.');
  return { scope, date, time, signedHeaders };
}

function readScope(credential: string | undefined, wrong: StoreErrorCode): Scope {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential ?? '');
  const [, accessKeyId, day, region, service] = match ?? [];
  if (accessKeyId === undefined || day === undefined || region === undefined || service === undefined)
    throw new StoreError(
      wrong,
      'The credential must be <access key>/<YYYYMMDD>/<region>/<service>/aws4_request.',
    );
  return { accessKeyId, day, region, service };
}

function readHex(text: string | undefined, wrong: StoreErrorCode): string {
  if (text === undefined || !/^[0-9a-f]{64}$/.test(text))
    throw new StoreError(wrong, 'The signature must be 64 hexadecimal digits.');
  return text;
}
