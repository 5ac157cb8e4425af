import type { JSONWebKeySet, JWK } from 'jose';

/**
 * Where the document of a `did:web` is (https://w3c-ccg.github.io/did-method-web/); undefined for another DID. The text comes from a
 * counterparty: nothing in it can name another host than the one that the DID shows.
 */
export function didWebUrl(did: string, scheme: 'https' | 'http'): string | undefined {
  const [method, name, ...parts] = did.split(':');
  if (method !== 'did' || name !== 'web') return undefined;
  const [host, ...path] = parts.map(decode);
  if (host === undefined || !hostForm.test(host)) return undefined;
  if (!path.every((one) => one !== undefined && segmentForm.test(one))) return undefined;
  const folder = path.length === 0 ? '.well-known' : path.join('/');
  const url = `${scheme}://${host}/${folder}/did.json`;
  return URL.canParse(url) ? url : undefined;
}

/** A name or an IPv4 address, and a port. */
const hostForm = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/;
/** Neither `.` nor `..`. */
const segmentForm = /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/;

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The keys that the document has as JSON Web Keys, by the whole id of each. Throws an error that says what is wrong with the document. */
export function keysOfDocument(did: string, text: string): JSONWebKeySet {
  const document: unknown = JSON.parse(text);
  if (!isObject(document) || document['id'] !== did)
    throw new Error('expected a document with the id of its DID');
  const { verificationMethod: methods } = document;
  if (!Array.isArray(methods)) throw new Error('expected verificationMethod as a list');
  const keys = methods.filter(isObject).flatMap(({ id, publicKeyJwk: key }) => {
    if (typeof id !== 'string' || !isObject(key)) return [];
    // Only the document's own keys: an id of another DID is dropped.
    const kid = id.startsWith('#') ? `${did}${id}` : id;
    return kid.startsWith(`${did}#`) ? [{ ...(key as JWK), kid }] : [];
  });
  return { keys };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
