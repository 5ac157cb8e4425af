import { isDeepStrictEqual } from 'node:util';

import { copyOf, isRecord } from '../../registry/copy.ts';
import { badRequest, StatusError } from '../../registry/status-error.ts';

type Container = unknown[] | Record<string, unknown>;

const operationLimit = 10_000;

/** RFC 6902, all operations. A patch that does not fit its target is the 422 of a real server. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations');
  if (patch.length > operationLimit) throw unprocessable(`at most ${operationLimit} operations are allowed`);
  // The document is held by a list so that the whole of it can be replaced like any member.
  const root: Container = [copyOf(target)];
  for (const operation of patch as unknown[]) applyOperation(root, operation);
  return root[0];
}

function applyOperation(root: Container, operation: unknown): void {
  if (!isRecord(operation) || typeof operation['path'] !== 'string')
    throw badRequest('error decoding patch: path is missing');
  const path = ['0', ...pointer(operation['path'])];
  switch (operation['op']) {
    case 'add':
      add(root, path, required(operation, 'value'));
      return;
    case 'remove':
      remove(root, path);
      return;
    case 'replace':
      remove(root, path);
      add(root, path, required(operation, 'value'));
      return;
    case 'move':
      add(root, path, remove(root, source(operation)));
      return;
    case 'copy':
      add(root, path, copyOf(read(root, source(operation))));
      return;
    case 'test':
      if (isDeepStrictEqual(read(root, path), required(operation, 'value'))) return;
      throw unprocessable(`testing value ${operation['path']} failed`);
    default:
      throw badRequest(`error decoding patch: unknown operation ${JSON.stringify(operation['op'])}`);
  }
}

function source(operation: Record<string, unknown>): string[] {
  const from = operation['from'];
  if (typeof from !== 'string') throw badRequest('error decoding patch: from is missing');
  return ['0', ...pointer(from)];
}

function required(operation: Record<string, unknown>, member: string): unknown {
  if (!(member in operation)) throw badRequest(`error decoding patch: ${member} is missing`);
  return copyOf(operation[member]);
}

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw badRequest(`error decoding patch: ${text} is not a JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: Container, path: string[]): unknown {
  let value: unknown = root;
  for (const part of path) value = member(value, part, path);
  return value;
}

function member(container: unknown, part: string, path: string[]): unknown {
  if (Array.isArray(container)) return container[position(part, container.length - 1, path)] as unknown;
  if (isRecord(container) && Object.hasOwn(container, part)) return container[part];
  throw missing(path);
}

function parentOf(root: Container, path: string[]): { parent: unknown; last: string } {
  return { parent: read(root, path.slice(0, -1)), last: path.at(-1) ?? '' };
}

function add(root: Container, path: string[], value: unknown): void {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) {
    // Writing the root itself replaces the document.
    if (path.length === 1) parent[0] = value;
    else parent.splice(last === '-' ? parent.length : position(last, parent.length, path), 0, value);
  } else if (isRecord(parent)) {
    Object.defineProperty(parent, last, { value, enumerable: true, writable: true, configurable: true });
  } else throw missing(path);
}

function remove(root: Container, path: string[]): unknown {
  const removed = read(root, path);
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) {
    if (path.length > 1) parent.splice(position(last, parent.length - 1, path), 1);
  } else if (isRecord(parent)) Reflect.deleteProperty(parent, last);
  return removed;
}

function position(part: string, highest: number, path: string[]): number {
  const index = /^(0|[1-9]\d*)$/.test(part) ? Number(part) : -1;
  if (index < 0 || index > highest) throw missing(path);
  return index;
}

function missing(path: string[]): StatusError {
  return unprocessable(
    `the server rejected our request due to an error in our request: doc is missing path: /${path.slice(1).join('/')}`,
  );
}

function unprocessable(message: string): StatusError {
  return new StatusError({ code: 422, reason: 'Invalid', message });
}
