import { ownMember, type Path } from '../../schemas/schema-problem.ts';
import { problemAt } from '../read/source.ts';
import { isUnsure, type CheckContext } from './context.ts';

/**
 * Warns of required parameters without a value for a connector: values come from the asset's parameters, job.env, a default, or the contract
 * by `from`. Such a template can still be run by a request with a query.
 */
export function checkSources({ template, sources, problems }: CheckContext): void {
  const { properties, required } = template.parameters;
  function warn(path: Path, reason: string): void {
    problems.push({
      ...problemAt(sources.document, path, `${path.join('.')}: ${reason}`),
      severity: 'warning',
    });
  }
  const lacking = [...required.entries()].filter(([, name]) => lacksValue(name, { template, sources }));
  for (const [index, name] of lacking) {
    const property = properties[name] ?? {};
    const advice = `give it one in assets[].parameters${property['writeOnly'] === true ? '' : ', as a default'} or in job.env`;
    if (template.assets.length === 0) {
      const reason = `${name} has no value for a connector, since provision requests carry no parameters; ${advice}`;
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

/** Whether only an asset can give it a value. Which connectors have a contract to take it from is checked at the start of `serve`. */
function lacksValue(name: string, context: Pick<CheckContext, 'template' | 'sources'>): boolean {
  const { parameters, environment, fromContract } = context.template;
  const property = ownMember(parameters.properties, name);
  if (property === undefined || 'default' in property || Object.hasOwn(fromContract, name)) return false;
  return !Object.hasOwn(environment, name) && !isUnsure(name, context);
}
