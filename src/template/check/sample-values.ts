import { defaultsOf } from '../render-template.ts';
import type { Template } from '../template.ts';
import { readParameters } from '../validate-parameters.ts';

/** Values to render a template with when nobody asked for anything: defaults, else the first example, else the first of its choices. */
export function sampleValues({ parameters, environment }: Template): ReadonlyMap<string, unknown> {
  const examples = Object.entries(parameters.properties).flatMap(
    ([name, { examples: list, enum: choices }]) => {
      const value: unknown = (list as unknown[] | undefined)?.[0] ?? (choices as unknown[] | undefined)?.[0];
      return value === undefined ? [] : [[name, value]];
    },
  );
  const given = Object.entries(environment).filter(([name]) => Object.hasOwn(parameters.properties, name));
  return new Map(
    Object.entries({
      ...(Object.fromEntries(examples) as Record<string, unknown>),
      ...defaultsOf(parameters),
      ...readParameters(parameters, Object.fromEntries(given)),
    }),
  );
}
