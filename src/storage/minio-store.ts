import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { Client, type ClientOptions } from 'minio';
import type { Secrets, StoreConfig } from '../config/config.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { attachment } from '../attachment.ts';
import { flowsPrefix } from '../flow/keys.ts';
import { abortUploads, type StoreClient } from './abort-uploads.ts';
import { boundedTransport, type Call, guardBody } from './bounded-transport.ts';
import type { ObjectInfo, ObjectStore, PresignOptions } from './object-store.ts';
import { readObject } from './read-object.ts';
import { translateError } from './translate-error.ts';

/** What `createObjectStore` reads of the settings. */
export type StoreSettings = Pick<
  StoreConfig,
  'endpoint' | 'publicEndpoint' | 'region' | 'bucket' | 'requestTimeoutMillis'
>;

const pageSize = 1000;
/** So that `put` is always one request; nothing that the service itself stores is near it. */
const partSize = 64 * 1024 * 1024;

export interface OpenedStore {
  store: ObjectStore;
  /** Closes its connections. */
  destroy(): void;
}

/** A client of the object store with a pool of so many connections; requests beyond them wait for one. */
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
  const access: Access = {
    publicClient: connect(settings.publicEndpoint, { signal: AbortSignal.abort() }),
    bucket: settings.bucket,
    async bounded(act, signal) {
      const call: Call = { signal };
      try {
        signal.throwIfAborted();
        return await act(connect(settings.endpoint, call), call);
      } catch (error) {
        throw translateError(error, call);
      }
    },
  };
  return {
    store: objectStore(access),
    destroy() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Access extends StoreClient {
  /** Signs for the address that receivers use, since the signature covers the host, and asks for nothing. */
  publicClient: Client;
}

function objectStore(access: Access): ObjectStore {
  const { bucket, bounded } = access;
  return {
    async get(key, part, signal) {
      return bounded(async (client, call) => {
        const length = part === undefined ? 0 : part.last - part.first + 1;
        const body = await client.getPartialObject(bucket, key, part?.first ?? 0, length);
        checkTag(body, { found: call.etag, expected: part?.etag });
        return guardBody(body, call);
      }, signal);
    },
    async head(key, signal) {
      const info = await stat(access, key, signal);
      // The answer to a HEAD has no body that could tell whether the object or the bucket is missing.
      if (info === undefined) await checkBucket(access, signal);
      return info;
    },
    read: async (key, limitBytes, signal) => readObject(access, { key, limitBytes }, signal),
    put: async (...object) => put(access, object),
    list: (prefix, signal) => list(access, prefix, signal),
    remove: async (keys, signal) => remove(access, keys, signal),
    abortUploads: async (prefix, signal) => abortUploads(access, prefix, signal),
    presignGet: async (key, options) => presignGet(access, key, options),
    check: async (signal) => checkAccess(access, signal),
  };
}

async function stat(
  { bucket, bounded }: Access,
  key: string,
  signal: AbortSignal,
): Promise<ObjectInfo | undefined> {
  try {
    const { size, etag } = await bounded(async (client) => client.statObject(bucket, key), signal);
    return { key, size, etag: plainEtag(etag) };
  } catch (error) {
    if (isServiceError(error, 'object-missing')) return undefined;
    throw error;
  }
}

/** The client sends no If-Match with a read: the answer tells which object it is of, before its first byte. */
function checkTag(
  body: Readable,
  { found, expected }: Record<'found' | 'expected', string | undefined>,
): void {
  if (expected === undefined || plainEtag(found ?? '') === expected) return;
  body.on('error', () => undefined).destroy();
  throw new ServiceError('precondition-failed', 'another object lies under this key by now');
}

async function put(
  { bucket, bounded }: Access,
  [key, body, { contentType, ifNoneMatch }, signal]: Parameters<ObjectStore['put']>,
): Promise<{ etag: string }> {
  const condition = ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch };
  const headers = { 'Content-Type': contentType, ...condition };
  if (body.length > partSize)
    throw new ServiceError('payload-too-large', `${key} would be larger than 64 MiB`);
  const { etag } = await bounded(
    async (client) => client.putObject(bucket, key, body, body.length, headers),
    signal,
  );
  return { etag: plainEtag(etag) };
}

async function* list(
  { bucket, bounded }: Access,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  for (let token = ''; ;) {
    const after = token;
    const page = await bounded(
      async (client) => client.listObjectsV2Query(bucket, prefix, after, '', pageSize, ''),
      signal,
    );
    for (const item of page.objects) {
      if (item.name === undefined) continue;
      yield { key: item.name, size: item.size, etag: plainEtag(item.etag) };
    }
    // The XML parser makes a number of a token that looks like one.
    const next: unknown = page.nextContinuationToken;
    token = String(next);
    if (!page.isTruncated || token === '') return;
  }
}

async function remove(
  access: Access,
  keys: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < pageSize) continue;
    await removeBatch(access, batch, signal);
    batch = [];
  }
  if (batch.length > 0) await removeBatch(access, batch, signal);
}

async function removeBatch({ bucket, bounded }: Access, keys: string[], signal: AbortSignal): Promise<void> {
  const answers = await bounded(async (client) => client.removeObjects(bucket, keys), signal);
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
  { publicClient, bucket }: Access,
  key: string,
  options: PresignOptions,
): Promise<string> {
  const { expirySeconds, contentType, fileName } = options;
  const headers = {
    ...(contentType === undefined ? {} : { 'response-content-type': contentType }),
    ...(fileName === undefined ? {} : { 'response-content-disposition': attachment(fileName) }),
  };
  return publicClient.presignedGetObject(bucket, key, expirySeconds, headers);
}

async function checkBucket({ bucket, bounded }: Access, signal: AbortSignal): Promise<void> {
  const there = await bounded(async (client) => client.bucketExists(bucket), signal);
  if (!there) throw new ServiceError('bucket-missing', `the bucket ${bucket} does not exist`);
}

/** A list of one: unlike the answer to a HEAD, it says in words whether the key, its signature, a right or the bucket is wrong. */
async function checkAccess({ bucket, bounded }: Access, signal: AbortSignal): Promise<void> {
  await bounded(async (client) => client.listObjectsV2Query(bucket, flowsPrefix, '', '', 1, ''), signal);
}

function clientAddress(endpoint: string): Pick<ClientOptions, 'endPoint' | 'useSSL'> & { port?: number } {
  const url = new URL(endpoint);
  const port = url.port === '' ? {} : { port: Number(url.port) };
  return { endPoint: url.hostname.replaceAll(/^\[|\]$/g, ''), useSSL: url.protocol === 'https:', ...port };
}

function plainEtag(etag: string): string {
  return etag.replaceAll('"', '');
}
