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
  const isOrder = (key: string) => (key.startsWith('$setElementOrder') ? 1 : 0);
  for (const [key, value] of Object.entries(patch).toSorted(([a], [b]) => isOrder(a) - isOrder(b))) {
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

function memberSchema(schema: Schema, key: string): Schema {
  if (schema.type === 'map') return schema.values;
  if (schema.type !== 'object') return any;
  return (Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined) ?? any;
}

function mergedMember(target: unknown, value: unknown, schema: Schema): unknown {
  if (isRecord(value)) return mergedObject(isRecord(target) ? target : {}, value, schema);
  if (!Array.isArray(value) || schema.type !== 'list') return value;
  const present: unknown[] = Array.isArray(target) ? target : [];
  if (schema.isSet === true) return [...present, ...value.filter((each) => !present.includes(each))];
  if (schema.mergeKey === undefined)
    return value.map((each: unknown) => withoutDirectives(each, schema.items));
  return mergedList(present, value, { key: schema.mergeKey, items: schema.items });
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

function applyDirective(
  result: Map<string, unknown>,
  directive: { key: string; value: unknown },
  schema: Schema,
): void {
  const { key, value } = directive;
  const [name, member = ''] = key.split('/', 2);
  const present = result.get(member);
  switch (name) {
    case '$patch':
      if (value === 'replace' || value === 'merge') return;
      throw badRequest(`error decoding patch: unknown $patch directive ${JSON.stringify(value)}`);
    case '$retainKeys':
      return;
    case '$deleteFromPrimitiveList':
      if (Array.isArray(present) && Array.isArray(value)) {
        result.set(
          member,
          present.filter((each) => !value.includes(each)),
        );
      }
      return;
    case '$setElementOrder':
      if (Array.isArray(present) && Array.isArray(value))
        result.set(member, ordered(present, value, memberSchema(schema, member)));
      return;
    default:
      throw badRequest(`error decoding patch: unknown directive ${key}`);
  }
}

/** Named elements in the order given, the others behind them. */
function ordered(present: unknown[], order: unknown[], schema: Schema): unknown[] {
  const key = schema.type === 'list' ? schema.mergeKey : undefined;
  const identity = (value: unknown) => (key !== undefined && isRecord(value) ? value[key] : value);
  const names = order.map(identity);
  const rank = (value: unknown) => {
    const found = names.findIndex((name) => isDeepStrictEqual(name, identity(value)));
    return found < 0 ? names.length : found;
  };
  return present.toSorted((first, second) => rank(first) - rank(second));
}
