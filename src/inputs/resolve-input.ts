import type { Config } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { inputPath } from '../flow/flow-input.ts';
import { uploadContentKey } from '../flow/keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import type { ResolvedInput, TemplateInput } from '../template/template.ts';
import { hasExpired, readUpload } from '../uploads/stored-upload.ts';
import { isAllowed, readHttpAddress, readS3Address } from './allowed-source.ts';
import { headObject } from './head-object.ts';

/** How a request names a file: an upload, or a URL. */
export interface InputReference {
  upload?: string;
  url?: string;
  sha256?: string;
}

export interface InputSources {
  store: Pick<ObjectStore, 'read'>;
  /** For objects of other buckets. */
  objects: StoreAccess;
  config: Pick<Config, 'inputs' | 'store'>;
  now: () => Date;
}

export interface WantedInput {
  input: TemplateInput;
  reference: InputReference;
  /** An upload belongs to the key that has sent it; an admin may use all. */
  owner: { name: string; admin: boolean };
}

/**
 * What the reference means now: a later change of it does not change the job. A URL is not asked here, since a slow server would delay the answer:
 * the sidecar asks it. Throws `invalid-input` with the field; no message holds the URL.
 */
export async function resolveInput(
  sources: InputSources,
  wanted: WantedInput,
  signal: AbortSignal,
): Promise<ResolvedInput> {
  const { upload, url } = wanted.reference;
  if ((upload === undefined) === (url === undefined)) throw refused(wanted, 'expected one of upload and url');
  if (upload !== undefined) return await resolveUpload(sources, { ...wanted, id: upload }, signal);
  if (url?.startsWith('s3://') === true) return await resolveObject(sources, { ...wanted, url }, signal);
  return resolveUrl(sources, { ...wanted, url: url ?? '' });
}

async function resolveUpload(
  { store, now }: InputSources,
  wanted: WantedInput & { id: string },
  signal: AbortSignal,
): Promise<ResolvedInput> {
  const { id, owner, reference } = wanted;
  const upload = await readUpload(store, id, signal);
  if (upload === undefined || hasExpired(upload, now()) || !(owner.admin || upload.caller === owner.name))
    throw refused(wanted, 'expected the id of an upload of yours that has not expired', 'upload');
  const { size, sha256, etag, mediaType } = upload;
  checkMediaType(wanted, mediaType);
  checkSize(wanted, size);
  if (reference.sha256 !== undefined && reference.sha256 !== sha256)
    throw refused(wanted, `expected ${sha256}, the one of the upload`, 'sha256');
  return { input: { ...describe(wanted), key: uploadContentKey(id), etag, size, sha256 } };
}

async function resolveObject(
  { objects, config }: InputSources,
  wanted: WantedInput & { url: string },
  signal: AbortSignal,
): Promise<ResolvedInput> {
  const { url } = wanted;
  const object = readS3Address(url);
  if (object === undefined)
    throw refused(wanted, 'expected s3://<bucket>/<key>, and a key without *, ?, $, \\, . and ..', 'url');
  // It holds other people's results and uploads.
  if (object.bucket === config.store.bucket)
    throw refused(wanted, 'expected an object of another bucket than that of the service', 'url');
  if (!isAllowed(url, config.inputs.allow)) throw notAllowed(wanted);
  const found = await headObject(objects, object, signal);
  if (found === undefined) throw refused(wanted, 'expected an object that exists and can be read', 'url');
  checkSize(wanted, found.size);
  return { input: { ...describe(wanted), ...object, ...found } };
}

function resolveUrl({ config }: InputSources, wanted: WantedInput & { url: string }): ResolvedInput {
  const url = readHttpAddress(wanted.url);
  if (url === undefined)
    throw refused(
      wanted,
      'expected s3://… or https://…, without user, fragment and encoded dots and slashes',
      'url',
    );
  if (!isAllowed(url.href, config.inputs.allow)) throw notAllowed(wanted);
  return { input: { ...describe(wanted), host: url.host }, url: url.href };
}

function describe({ input: { name, file, maxBytes }, reference: { sha256 } }: WantedInput) {
  return { name, path: inputPath(file), maxBytes, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** What a client that knows no better says of any file. */
const anyFile = 'application/octet-stream';

function checkMediaType(wanted: WantedInput, mediaType: string): void {
  const { mediaTypes } = wanted.input;
  const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
  const fits = mediaTypes.some(
    (one) => one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))),
  );
  if (mediaTypes.length === 0 || type === anyFile || fits) return;
  throw refused(wanted, `expected a file of ${mediaTypes.join(', ')}, received ${type}`, 'upload');
}

function checkSize(wanted: WantedInput, size: number): void {
  const { maxBytes } = wanted.input;
  if (size > maxBytes) throw refused(wanted, `expected at most ${maxBytes} bytes, received ${size}`);
}

function notAllowed(wanted: WantedInput): ServiceError {
  return refused(
    wanted,
    'expected an address that starts with a prefix of the setting inputs.allow of the service',
    'url',
  );
}

function refused({ input: { name } }: WantedInput, reason: string, member?: string): ServiceError {
  return invalidInput([name, ...(member === undefined ? [] : [member])], reason);
}

/** `path`: of the member in `inputs`. */
export function invalidInput(path: readonly string[], reason: string): ServiceError {
  const field = ['inputs', ...path].join('.');
  const detail = `${field}: ${reason}`;
  return new ServiceError('invalid-input', detail, {
    field,
    problems: [{ path: ['inputs', ...path], detail }],
  });
}
