/** What a member may hold. Enough to refuse wrong types, find unknown members, and merge lists by key. */
export type Schema =
  | { type: 'string' | 'integer' | 'boolean' | 'intOrString' | 'quantity' | 'time' | 'microTime' | 'any' }
  | { type: 'object'; fields: Record<string, Schema> }
  | { type: 'map'; values: Schema }
  | { type: 'list'; items: Schema; mergeKey?: string; isSet?: boolean };

export const string: Schema = { type: 'string' };
export const integer: Schema = { type: 'integer' };
export const boolean: Schema = { type: 'boolean' };
export const intOrString: Schema = { type: 'intOrString' };
/** A string or a number; kept as a string. */
export const quantity: Schema = { type: 'quantity' };
/** RFC 3339; kept in whole seconds. */
export const time: Schema = { type: 'time' };
/** RFC 3339; kept with six digits behind the point. */
export const microTime: Schema = { type: 'microTime' };
/** A known member whose inside this cluster does not look at. */
export const any: Schema = { type: 'any' };

export function object(fields: Record<string, Schema>): Schema {
  return { type: 'object', fields };
}

/** Many members of one type: `fields('string', 'a b c')`. */
export function fields(schema: Schema, names: string): Record<string, Schema> {
  return Object.fromEntries(names.split(' ').map((name) => [name, schema]));
}

export function map(values: Schema): Schema {
  return { type: 'map', values };
}

/** A list; with a merge key its elements are objects that a strategic merge patch tells apart by it. */
export function list(items: Schema, mergeKey?: string): Schema {
  return mergeKey === undefined ? { type: 'list', items } : { type: 'list', items, mergeKey };
}

/** A list of plain values which a strategic merge patch adds to. */
export function set(items: Schema): Schema {
  return { type: 'list', items, isSet: true };
}
