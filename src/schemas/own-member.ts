/** A member of a map whose names come from outside: never one that every object inherits, such as `constructor`. */
export function ownMember<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
