import type { Path } from '../schemas/schema-problem.ts';

const whole = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

export interface Placeholder {
  path: Path;
  parameter: string;
}

/** The parameter of a scalar that is a placeholder. */
export function placeholderOf(value: unknown): string | undefined {
  return typeof value === 'string' ? whole.exec(value)?.[1] : undefined;
}

export function findPlaceholders(document: unknown): Placeholder[] {
  return [...walkScalars(document)].flatMap(({ path, value }) => {
    const parameter = placeholderOf(value);
    return parameter === undefined ? [] : [{ path, parameter }];
  });
}

/** Strings and member names that hold a placeholder inside other text, which is never replaced. */
export function findEmbedded(document: unknown): Path[] {
  const scalars = [...walkScalars(document)];
  const values = scalars.filter(({ value }) => holdsOne(value) && placeholderOf(value) === undefined);
  const names = scalars.filter(({ path }) => path.some(holdsOne));
  return [...values, ...names].map(({ path }) => path);
}

/** A copy in which placeholders are replaced by values of the parameters' types. Placeholders without a value stay. */
export function replacePlaceholders(document: unknown, values: ReadonlyMap<string, unknown>): unknown {
  const parameter = placeholderOf(document);
  if (parameter !== undefined) return values.has(parameter) ? values.get(parameter) : document;
  if (Array.isArray(document)) return document.map((item) => replacePlaceholders(item, values));
  if (typeof document !== 'object' || document === null) return document;
  const members = Object.entries(document).map(([name, value]) => [name, replacePlaceholders(value, values)]);
  return Object.fromEntries(members) as unknown;
}

function holdsOne(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${');
}

function* walkScalars(value: unknown, path: Path = []): Generator<{ path: Path; value: unknown }> {
  if (typeof value !== 'object' || value === null) {
    yield { path, value };
    return;
  }
  const members: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  for (const [name, member] of members) yield* walkScalars(member, [...path, name]);
}
