import { ServiceError } from '../errors.ts';
import type { Template } from './template.ts';

/**
 * Throws `invalid-parameters` for a variable that the template does not have. The values of parameters are checked when it is rendered; the
 * others are text.
 */
export function checkGivenEnvironment(
  { parameters, environment }: Pick<Template, 'parameters' | 'environment'>,
  given: Readonly<Record<string, string>>,
): void {
  const known = new Set([...Object.keys(parameters.properties), ...Object.keys(environment)]);
  const problems = Object.entries(given).flatMap(([name, value]) => {
    if (!known.has(name)) return [{ name, expected: `one of ${[...known].join(', ') || 'no variables'}` }];
    return value.includes('\0') ? [{ name, expected: 'text without NUL characters' }] : [];
  });
  const [first] = problems;
  if (first === undefined) return;
  const message = problems
    .map(({ name, expected }) => `environment.${name}: expected ${expected}`)
    .join('; ');
  throw new ServiceError('invalid-parameters', message, { field: `environment.${first.name}` });
}
