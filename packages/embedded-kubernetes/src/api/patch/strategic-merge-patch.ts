import { isDeepStrictEqual } from 'node:util';

import { isRecord } from '../../registry/copy.ts';
import { badRequest } from '../../registry/status-error.ts';
import { any } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';

type Members = Record<string, unknown>;

/**
 * Kubernetes' own merge: as RFC 7386, but lists whose schema names a key are merged element by element. Directives:
 * `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/x`; `$setElementOrder/x` orders what it names.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown, schema: Schema): unknown {
  if (!isRecord(patch)) throw badRequest('error decoding patch: a strategic merge patch is an object');
  return mergedObject(isRecord(target) ? target : {}, patch, schema);
}

function mergedObject(target: Members, patch: Members, schema: Schema): Members | undefined {
  if (patch['$patch'] === 'delete') return undefined;
  const start = patch['$patch'] === 'replace' ? {} : retained(target, patch['$retainKeys']);
  const result = new Map(Object.entries(start));
  for (const [key, value] of ordersLast(Object.entries(patch))) {
    if (key.startsWith('$')) applyDirective(result, { key, value }, schema);
    else if (value === null) result.delete(key);
    else {
      const merged = mergedMember(result.get(key), value, memberSchema(schema, key));
      if (merged === undefined) result.delete(key);
      else result.set(key, merged);
    }
  }
  return Object.fromEntries(result);
}

/** The order of a list can be set only when its elements are there. */
function ordersLast(entries: [string, unknown][]): [string, unknown][] {
  const orders = entries.filter(([key]) => key.startsWith('$setElementOrder'));
  return [...entries.filter((entry) => !orders.includes(entry)), ...orders];
}

function memberSchema(schema: Schema, key: string): Schema {
  if (schema.type === 'map') return schema.values;
  if (schema.type !== 'object') return any;
  return (Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined) ?? any;
}

function mergedMember(target: unknown, value: unknown, schema: Schema): unknown {
  if (isRecord(value)) return mergedObject(isRecord(target) ? target : {}, value, schema);
  if (!Array.isArray(value) || schema.type !== 'list') return value;
  const given: unknown[] = value;
  const present = Array.isArray(target) ? (target as unknown[]) : [];
  if (schema.isSet === true) return [...present, ...given.filter((each) => !present.includes(each))];
  if (schema.mergeKey === undefined) return given.map((each) => withoutDirectives(each, schema.items));
  return mergedList(present, given, { key: schema.mergeKey, items: schema.items });
}

function mergedList(present: unknown[], patch: unknown[], merge: { key: string; items: Schema }): unknown[] {
  const { key, items } = merge;
  let result = present.filter(isRecord);
  if (patch.some((each) => isRecord(each) && each['$patch'] === 'replace')) result = [];
  for (const element of patch) {
    if (!isRecord(element) || element['$patch'] === 'replace') continue;
    if (!(key in element))
      throw badRequest(`map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`);
    const index = result.findIndex((each) => isDeepStrictEqual(each[key], element[key]));
    const merged = mergedObject(result[index] ?? {}, element, items);
    if (merged === undefined) result = result.filter((_, place) => place !== index);
    else if (index < 0) result.push(merged);
    else result[index] = merged;
  }
  return result;
}

function withoutDirectives(value: unknown, schema: Schema): unknown {
  return isRecord(value) ? mergedObject({}, value, schema) : value;
}

function retained(target: Members, names: unknown): Members {
  if (!Array.isArray(names)) return target;
  return Object.fromEntries(Object.entries(target).filter(([key]) => names.includes(key)));
}

interface Directive {
  key: string;
  value: unknown;
}

function applyDirective(result: Map<string, unknown>, { key, value }: Directive, schema: Schema): void {
  const [name, member = ''] = key.split('/', 2);
  if (name === '$retainKeys' || (name === '$patch' && value === 'replace')) return;
  if (name !== '$deleteFromPrimitiveList' && name !== '$setElementOrder') {
    throw badRequest(`error decoding patch: ${key} with ${JSON.stringify(value)} is not understood`);
  }
  const present = result.get(member);
  if (!Array.isArray(present) || !Array.isArray(value)) return;
  const isOrder = name === '$setElementOrder';
  const changed = isOrder ? ordered(present, value, memberSchema(schema, member)) : without(present, value);
  result.set(member, changed);
}

function without(present: unknown[], removed: unknown[]): unknown[] {
  return present.filter((each) => !removed.includes(each));
}

/** Named elements in the order given, the others behind them. */
function ordered(present: unknown[], order: unknown[], schema: Schema): unknown[] {
  const key = schema.type === 'list' ? schema.mergeKey : undefined;
  const names = order.map((value) => identity(value, key));
  return present.toSorted(
    (first, second) => rank(names, identity(first, key)) - rank(names, identity(second, key)),
  );
}

function identity(value: unknown, key: string | undefined): unknown {
  return key !== undefined && isRecord(value) ? value[key] : value;
}

function rank(names: unknown[], name: unknown): number {
  const found = names.findIndex((each) => isDeepStrictEqual(each, name));
  return found < 0 ? names.length : found;
}
