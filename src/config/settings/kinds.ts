import { Type } from 'typebox';
import * as kinds from '../../schemas/kinds.ts';

// `title` is what an error message says was expected, `description` what the documentation says it is for.

export function integer(range: { min: number; max: number; default?: number }, description: string) {
  const { min: minimum, max: maximum, ...rest } = range;
  const title = `an integer from ${minimum} to ${maximum}`;
  return Type.Integer({ minimum, maximum, ...rest, title, description });
}

export function choice<Value extends string>(
  description: string,
  values: readonly [Value, ...Value[]],
  options: { default?: Value } = {},
) {
  return Type.Enum(values, { title: `one of ${values.join(', ')}`, description, ...options });
}

interface TextOptions {
  default?: string;
  title?: string;
  pattern?: string;
}

export function text(description: string, options: TextOptions = {}) {
  return Type.String({
    minLength: 1,
    maxLength: 1024,
    title: 'text that is not empty',
    description,
    ...options,
  });
}

/** Checks the shape only; `check-settings.ts` does the rest. */
export function httpUrl(description: string) {
  return text(description, { title: 'an http:// or https:// URL', pattern: '^https?://[^\\s/?#]+' });
}

export function dnsLabel(description: string, options: TextOptions = {}) {
  return text(description, { ...kinds.dnsLabel, ...options });
}

const name = Type.String({ minLength: 1, maxLength: 256, title: 'a name of 1 to 256 characters' });

export function names(description: string, options: { default: string[] } = { default: [] }) {
  return Type.Array(name, { title: 'a list of names', uniqueItems: true, description, ...options });
}
