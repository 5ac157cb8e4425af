interface ObjectSchema {
  properties?: Readonly<Record<string, object>>;
  required?: readonly string[];
}

/** A schema of messages in which null stands for an absent member, as their readers take it. For documents. */
export function withNulls(schema: object): object {
  const { properties, required = [] } = schema as ObjectSchema;
  if (properties === undefined) return schema;
  const members = Object.entries(properties).map(([name, member]) => {
    const own = withNulls(member);
    return [name, required.includes(name) ? own : { anyOf: [own, { type: 'null' }] }];
  });
  return { ...schema, properties: Object.fromEntries(members) as object };
}
