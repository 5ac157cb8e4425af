import type { ErrorObject, ValidateFunction } from 'ajv';
import { ownMember, type Path, pathOfError, schemaAt, type Schema } from '../schemas/schema-problem.ts';

/** A repair may reveal another error, which the next round repairs. */
const roundLimit = 8;

/**
 * A copy that fits the schema, so that a document with one mistake can be checked for others: wrong members are removed, missing ones are
 * added. Undefined if too little is right. A repaired document is only checked, never used.
 */
export function repair<T>(schema: object, isValid: ValidateFunction<T>, value: unknown): T | undefined {
  const copy: unknown = structuredClone(value);
  for (let round = 0; round < roundLimit; round += 1) {
    if (isValid(copy)) return copy;
    for (const error of isValid.errors ?? []) if (!repairOne(schema, copy, error)) return undefined;
  }
  return undefined;
}

function repairOne(schema: object, document: unknown, error: ErrorObject): boolean {
  const path = pathOfError(error);
  const holder = memberAt(document, path.slice(0, -1));
  const name = path.at(-1);
  // The parent may have been removed already, because of another error.
  if (path.length > 0 && !isHolder(holder)) return isHolder(document);
  if (!isHolder(holder) || name === undefined) return false;
  if (error.keyword === 'required') put(holder, name, standIn(schemaAt(schema, path)));
  else if (error.keyword === 'maxItems') shorten(memberAt(document, path), error);
  else if (Array.isArray(holder)) leaveOut(document, path.slice(0, -1));
  else leaveOut(document, path);
  return true;
}

function shorten(list: unknown, { params }: ErrorObject): void {
  if (Array.isArray(list)) list.length = Math.min(list.length, (params as { limit: number }).limit);
}

function leaveOut(document: unknown, path: Path): void {
  const holder = memberAt(document, path.slice(0, -1));
  if (isHolder(holder) && path.length > 0) Reflect.deleteProperty(holder, String(path.at(-1)));
}

function put(holder: object, name: string | number, value: unknown): void {
  Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
}

function standIn(schema: Schema | undefined): unknown {
  const { const: constant, enum: choices, pattern = '' } = schema ?? {};
  if (constant !== undefined) return constant;
  if (choices !== undefined) return choices[0];
  const kinds: Record<string, unknown> = { object: {}, array: [], boolean: false, integer: 1, number: 1 };
  const text = pattern.startsWith('^/') ? '/x' : 'x';
  return ownMember(kinds, String([schema?.type].flat()[0])) ?? text;
}

function memberAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      isHolder(inner) ? ownMember(inner as Record<string, unknown>, String(name)) : undefined,
    document,
  );
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
