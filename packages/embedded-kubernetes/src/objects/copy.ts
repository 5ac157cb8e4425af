/** A deep copy of JSON-like data. Members that are `undefined` vanish, as they would in JSON. */
export function copyOf<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) defineMember(copy, key, copied(member));
  }
  return copy;
}

// A member called `__proto__` is data here, not the prototype.
function defineMember(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true });
  else target[key] = value;
}

/** Sets the members that are absent. */
export function setDefaults<T extends object>(target: T, defaults: Partial<T>): void {
  const members = target as Record<string, unknown>;
  for (const [key, value] of Object.entries(defaults)) members[key] ??= value;
}

/** Sets a member, or removes it if there is no value. */
export function setOrDelete(target: object, member: string, value: unknown): void {
  if (value === undefined) Reflect.deleteProperty(target, member);
  else Reflect.set(target, member, value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
