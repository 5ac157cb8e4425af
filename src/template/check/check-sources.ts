import type { Path } from '../placeholders.ts';
import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { CheckContext } from './context.ts';

/**
 * Warns of required parameters that no provision request can have a value for: a connector sends none, so that they come from the asset's
 * parameters, job.env or a default. People may still run such a template with a query.
 */
export function checkSources({ template, sources }: CheckContext, problems: TemplateProblem[]): void {
  const { properties, required } = template.parameters;
  function warn(path: Path, reason: string): void {
    problems.push({
      ...problemAt(sources.document, path, `${path.join('.')}: ${reason}`),
      severity: 'warning',
    });
  }
  for (const [index, name] of required.entries()) {
    if (!Object.hasOwn(properties, name) || Object.hasOwn(template.environment, name)) continue;
    const property = properties[name] ?? {};
    if ('default' in property) continue;
    const advice = `give it one in assets[].parameters${property['writeOnly'] === true ? '' : ', as a default'} or in job.env`;
    if (template.assets.length === 0) {
      const reason = `${name} has no value when a connector asks, since provision requests carry no parameters; ${advice}`;
      warn(['parameters', 'required', index], reason);
    }
    for (const [at, { id, parameters }] of template.assets.entries()) {
      if (Object.hasOwn(parameters, name)) continue;
      warn(
        ['assets', at],
        `"${id}" cannot be served: the required parameter ${name} has no value; ${advice}`,
      );
    }
  }
}
