import http from 'node:http';
import https from 'node:https';
import { Client, type ClientOptions } from 'minio';
import { attachment } from '../attachment.ts';
import type { Secrets, StoreConfig } from '../config/config.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { flowsPrefix } from '../flow/keys.ts';
import { abortUploads, type StoreClient } from './abort-uploads.ts';
import { boundedTransport, type Call } from './bounded-transport.ts';
import type { ObjectInfo, ObjectStore, ObjectToPut, PartToPresign, PresignOptions } from './object-store.ts';
import { readObject } from './read-object.ts';
import { createPartReader } from './read-part.ts';
import { translateError } from './translate-error.ts';
import { plainEtag } from './upload/ask-store.ts';

/** The settings that `createObjectStore` reads. */
export type StoreSettings = Pick<
  StoreConfig,
  'endpoint' | 'publicEndpoint' | 'region' | 'bucket' | 'requestTimeoutMillis'
>;

const pageSize = 1000;
/** The client splits larger bodies: `put` is always one request, and nothing that the service stores is near this size. */
const partSize = 64 * 1024 * 1024;

/** Idle connections in a row that an operation may find closed. */
const mostStale = 3;

export interface OpenedStore {
  store: ObjectStore;
  /** Closes its connections. */
  destroy(): void;
}

/** A client of the object store with its own connections, so many for reads of parts and for all else; requests beyond them wait for one. */
export function createObjectStore(
  settings: StoreSettings,
  secrets: Secrets['store'],
  { connections = 64 }: { connections?: number } = {},
): OpenedStore {
  const options = { keepAlive: true, maxSockets: connections };
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };
  const common = {
    region: settings.region,
    pathStyle: true,
    partSize,
    retryOptions: { disableRetry: true },
    accessKey: secrets.accessKeyId,
    secretKey: secrets.secretAccessKey,
  };
  function connect(endpoint: string, call: Call): Client {
    const address = clientAddress(endpoint);
    const transportAgent = address.useSSL ? agents.https : agents.http;
    const transport = boundedTransport(call, settings.requestTimeoutMillis);
    return new Client({ ...common, ...address, transport, transportAgent });
  }
  const client: StoreClient = {
    bucket: settings.bucket,
    bounded: (act, signal) => perform((call) => act(connect(settings.endpoint, call), call), signal),
  };
  // It only signs, for the address that receivers use: the signature covers the host.
  const signer = connect(settings.publicEndpoint, { signal: AbortSignal.abort(), headers: {} });
  const parts = createPartReader(settings, secrets, connections);
  return {
    store: {
      ...objectStore(client),
      get: parts.get,
      presignGet: (key, options) => presignGet(signer, { bucket: settings.bucket, key }, options),
      presignPart: (part) => presignPart(signer, settings, part),
    },
    destroy() {
      agents.http.destroy();
      agents.https.destroy();
      void parts.destroy();
    },
  };
}

/** Repeats an operation whose idle connection was closed under it: each one may be repeated, and a store or a proxy closes idle connections. */
async function perform<T>(act: (call: Call) => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let repeats = 0; ; repeats += 1) {
    const call: Call = { signal, headers: {} };
    try {
      signal.throwIfAborted();
      return await act(call);
    } catch (error) {
      if (call.stale !== true || repeats === mostStale) throw translateError(error, call);
    }
  }
}

function objectStore(store: StoreClient): Omit<ObjectStore, 'get' | 'presignGet' | 'presignPart'> {
  const { bucket, bounded } = store;
  return {
    async head(key, signal) {
      const info = await stat(store, key, signal);
      // The answer to a HEAD has no body that could say whether the object or the bucket is missing.
      if (info === undefined) await checkBucket(store, signal);
      return info;
    },
    read: (key, limitBytes, signal) => readObject(store, { key, limitBytes }, signal),
    put: (object, signal) => put(store, object, signal),
    list: (prefix, signal) => list(store, prefix, signal),
    remove: (keys, signal) => remove(store, keys, signal),
    abortUploads: (below, signal) => abortUploads(store, below, signal),
    // A list of one: unlike the answer to a HEAD, it says whether the key, its signature, a right or the bucket is wrong.
    async check(signal) {
      await bounded((client) => client.listObjectsV2Query(bucket, flowsPrefix, '', '', 1, ''), signal);
    },
  };
}

async function stat(
  { bucket, bounded }: StoreClient,
  key: string,
  signal: AbortSignal,
): Promise<ObjectInfo | undefined> {
  try {
    const { size, etag } = await bounded((client) => client.statObject(bucket, key), signal);
    return { key, size, etag: plainEtag(etag) };
  } catch (error) {
    if (isServiceError(error, 'object-missing')) return undefined;
    throw error;
  }
}

async function checkBucket({ bucket, bounded }: StoreClient, signal: AbortSignal): Promise<void> {
  const exists = await bounded((client) => client.bucketExists(bucket), signal);
  if (!exists) throw new ServiceError('bucket-missing', `the bucket ${bucket} does not exist`);
}

async function put(
  { bucket, bounded }: StoreClient,
  { key, body, contentType }: ObjectToPut,
  signal: AbortSignal,
): Promise<{ etag: string }> {
  if (body.length > partSize)
    throw new ServiceError('payload-too-large', `${key} would be larger than 64 MiB`);
  const headers = { 'Content-Type': contentType };
  const { etag } = await bounded(
    (client) => client.putObject(bucket, key, body, body.length, headers),
    signal,
  );
  return { etag: plainEtag(etag) };
}

async function* list(
  { bucket, bounded }: StoreClient,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const from: string = token;
    const page = await bounded(
      (client) => client.listObjectsV2Query(bucket, prefix, from, '', pageSize, ''),
      signal,
    );
    for (const { name, size, etag } of page.objects)
      if (name !== undefined) yield { key: name, size, etag: plainEtag(etag) };
    // The XML parser makes a number of a token that looks like one.
    const next: unknown = page.nextContinuationToken;
    token = page.isTruncated && next !== '' ? String(next) : undefined;
  }
}

async function remove(
  store: StoreClient,
  keys: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < pageSize) continue;
    await removeBatch(store, batch, signal);
    batch = [];
  }
  if (batch.length > 0) await removeBatch(store, batch, signal);
}

async function removeBatch(
  { bucket, bounded }: StoreClient,
  keys: string[],
  signal: AbortSignal,
): Promise<void> {
  const answers = await bounded((client) => client.removeObjects(bucket, keys), signal);
  const failed = answers
    .map((answer) => answer?.Error ?? answer)
    .find((error) => codeOf(error) !== 'NoSuchKey');
  if (failed === undefined || failed === null) return;
  throw translateError(failed, { signal, status: codeOf(failed) === 'AccessDenied' ? 403 : 500 });
}

function codeOf(error: unknown): unknown {
  return (error as { Code?: unknown } | null | undefined)?.Code;
}

async function presignGet(
  signer: Client,
  { bucket, key }: { bucket: string; key: string },
  { expirySeconds, contentType, fileName }: PresignOptions,
): Promise<string> {
  return await signer.presignedGetObject(bucket, key, expirySeconds, {
    'response-content-type': contentType,
    'response-content-disposition': attachment(fileName),
  });
}

async function presignPart(
  signer: Client,
  { bucket }: Pick<StoreSettings, 'bucket'>,
  { key, uploadId, number, expirySeconds }: PartToPresign,
): Promise<string> {
  const query = { partNumber: String(number), uploadId };
  return await signer.presignedUrl('PUT', bucket, key, expirySeconds, query);
}

function clientAddress(endpoint: string): Pick<ClientOptions, 'endPoint' | 'useSSL'> & { port?: number } {
  const url = new URL(endpoint);
  const port = url.port === '' ? {} : { port: Number(url.port) };
  return { endPoint: url.hostname.replaceAll(/^\[|\]$/g, ''), useSSL: url.protocol === 'https:', ...port };
}
