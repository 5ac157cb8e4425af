import { isServiceError, ServiceError } from '../../errors.ts';
import {
  askStore,
  etagOf,
  guardHeaders,
  jsonPayload,
  objectPath,
  type Payload,
  type StoreAccess,
} from './ask-store.ts';

export interface ObjectToPut {
  key: string;
  payload: Payload;
}

/** Stores or replaces an object in one request and returns its ETag. */
export async function putObject(
  store: StoreAccess,
  { key, payload }: ObjectToPut,
  signal: AbortSignal,
): Promise<string> {
  const headers = { 'content-type': 'application/octet-stream', ...guardHeaders(payload) };
  const request = {
    what: `to store ${key}`,
    method: 'PUT',
    path: objectPath(store, key),
    headers,
    body: payload.bytes,
  };
  return etagOf(await askStore(store, request, signal));
}

/**
 * Stores a JSON object that nobody may replace and returns its ETag. An object that is there already must hold the same bytes (the
 * answer to an earlier attempt was lost), else this throws `precondition-failed`.
 */
export async function putJsonOnce(
  store: StoreAccess,
  { key, payload }: ObjectToPut,
  signal: AbortSignal,
): Promise<string> {
  const path = objectPath(store, key);
  const headers = { 'content-type': 'application/json', 'if-none-match': '*', ...guardHeaders(payload) };
  const put = {
    what: `to store ${key}`,
    method: 'PUT',
    path,
    headers,
    body: payload.bytes,
    accept: [200, 412],
  };
  const answer = await askStore(store, put, signal);
  if (answer.status === 200) return etagOf(answer);
  const there = await askStore(store, { what: `to read ${key}`, method: 'GET', path, headers: {} }, signal);
  if (there.body === payload.bytes.toString('utf8')) return etagOf(there);
  throw new ServiceError('precondition-failed', `${key} is there already, with other content`);
}

/** The same, but false if there is an object with other content. */
export async function addJson(
  store: StoreAccess,
  { key, value }: { key: string; value: object },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await putJsonOnce(store, { key, payload: jsonPayload(value) }, signal);
    return true;
  } catch (error) {
    if (isServiceError(error, 'precondition-failed')) return false;
    throw error;
  }
}
