import { Type } from 'typebox';
import * as kinds from '../../schemas/kinds.ts';

/** `title` is what an error message says was expected, `description` what the documentation says it is for. */
interface Described {
  description: string;
}

export function integer(range: { min: number; max: number; default?: number }, description: string) {
  const { min: minimum, max: maximum, ...rest } = range;
  const title = `an integer from ${minimum} to ${maximum}`;
  return Type.Integer({ minimum, maximum, ...rest, title, description });
}

export function choice<Value extends string>(
  values: readonly [Value, ...Value[]],
  options: Described & { default?: Value },
) {
  return Type.Enum(values, { title: `one of ${values.join(', ')}`, ...options });
}

export function text(options: Described & { default?: string; title?: string; pattern?: string }) {
  return Type.String({ minLength: 1, maxLength: 1024, title: 'text that is not empty', ...options });
}

/** Checks the shape only; `check-settings.ts` does the rest. */
export function httpUrl(options: Described & { default?: string }) {
  return text({ title: 'an http:// or https:// URL', pattern: '^https?://[^\\s/?#]+', ...options });
}

export function dnsLabel(options: Described & { default?: string }) {
  return text({ ...kinds.dnsLabel, ...options });
}

export function names(options: Described & { default?: string[]; title?: string }) {
  return Type.Array(Type.String({ minLength: 1, maxLength: 256, title: 'a name of 1 to 256 characters' }), {
    title: 'a list of names',
    uniqueItems: true,
    ...options,
  });
}
