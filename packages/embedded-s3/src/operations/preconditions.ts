import type { StoredObject } from '../catalog/catalog.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';

/**
 * Throws when a write must not replace the existing object. The caller must not await between this check and the write:
 * that makes `If-None-Match: *` atomic.
 */
export function checkWritePreconditions(request: StoreRequest, existing: StoredObject | undefined): void {
  const none = headerOf(request, 'if-none-match').trim();
  const match = headerOf(request, 'if-match').trim();
  if (none !== '' && none !== '*')
    throw new StoreError('NotImplemented', 'If-None-Match of a write must be *.');
  if (none === '*' && existing !== undefined) throw new StoreError('PreconditionFailed');
  if (match === '') return;
  if (existing === undefined) throw new StoreError('NoSuchKey');
  if (!namesEtag(match, existing.etag)) throw new StoreError('PreconditionFailed');
}

/** Evaluates the conditions of a read in the order of RFC 9110 section 13.2.2. */
export function verifyReadPreconditions(
  request: StoreRequest,
  object: StoredObject,
): 'send' | 'not-modified' {
  return verifyPreconditions(object, {
    match: headerOf(request, 'if-match'),
    none: headerOf(request, 'if-none-match'),
    modified: headerOf(request, 'if-modified-since'),
    unmodified: headerOf(request, 'if-unmodified-since'),
  });
}

/** Does the same for the source of a copy, where a source that is not modified is an error. */
export function checkCopyPreconditions(request: StoreRequest, source: StoredObject): void {
  const verdict = verifyPreconditions(source, {
    match: headerOf(request, 'x-amz-copy-source-if-match'),
    none: headerOf(request, 'x-amz-copy-source-if-none-match'),
    modified: headerOf(request, 'x-amz-copy-source-if-modified-since'),
    unmodified: headerOf(request, 'x-amz-copy-source-if-unmodified-since'),
  });
  if (verdict === 'not-modified') throw new StoreError('PreconditionFailed');
}

interface Conditions {
  readonly match: string;
  readonly none: string;
  readonly modified: string;
  readonly unmodified: string;
}

function verifyPreconditions(object: StoredObject, conditions: Conditions): 'send' | 'not-modified' {
  const { match, none, modified, unmodified } = conditions;
  // HTTP dates have no fractions of a second.
  const changed = Math.floor(object.modified / 1000) * 1000;
  if (match !== '') {
    if (!namesEtag(match, object.etag)) throw new StoreError('PreconditionFailed');
  } else if (unmodified !== '' && changed > Date.parse(unmodified)) {
    throw new StoreError('PreconditionFailed');
  }
  if (none !== '') return namesEtag(none, object.etag) ? 'not-modified' : 'send';
  return modified !== '' && changed <= Date.parse(modified) ? 'not-modified' : 'send';
}

function namesEtag(header: string, etag: string): boolean {
  return header.split(',').some((item) => {
    const name = item
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1');
    return name === '*' || name === etag;
  });
}
