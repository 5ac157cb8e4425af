/** The part of a JSON Schema that says which names are members, and not data such as the names of labels. */
interface Shape {
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
}

/** `acceptedAt` is `accepted_at`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The schema of the same answer with members in snake case. */
export function snakeSchema(schema: object): object {
  const { properties, required, items } = schema as Shape;
  return {
    ...schema,
    ...(properties && { properties: mapMembers(properties, (member) => snakeSchema(member)) }),
    ...(required && { required: required.map(snakeCase) }),
    ...(items && { items: snakeSchema(items) }),
  };
}

/** Renames the members that the schema has; other names are the users' own. */
export function snakeValue(value: unknown, schema: object): unknown {
  const { properties, items } = schema as Shape;
  if (Array.isArray(value)) return items ? value.map((item) => snakeValue(item, items)) : value;
  if (typeof value !== 'object' || value === null || properties === undefined) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return known === undefined ? [name, member] : [snakeCase(name), snakeValue(member, known)];
    }),
  );
}

function mapMembers(members: Record<string, Shape>, map: (member: Shape) => Shape): Record<string, Shape> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [snakeCase(name), map(member)]));
}
