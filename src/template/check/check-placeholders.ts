import { ownMember } from '../../schemas/schema-problem.ts';
import { showContractPath } from '../contract-path.ts';
import { findEmbedded, findPlaceholders, type Placeholder } from '../placeholders.ts';
import { reporter } from '../read/source.ts';
import type { Template } from '../template.ts';
import { isUnsure, type CheckContext } from './context.ts';
import { defaultsOf } from '../render-template.ts';
import { readParameters } from '../validate-parameters.ts';

/** Members that may hold placeholders at any depth. All others decide what a pod may do. */
const openMembers = [
  'parallelism',
  'completions',
  'nodeSelector',
  'tolerations',
  'affinity',
  'priorityClassName',
  'runtimeClassName',
  'image',
  'resources',
  'sizeLimit',
];

export function checkPlaceholders(context: CheckContext): void {
  const { template, sources, problems } = context;
  const report = reporter(sources.job, problems);
  const embedded = findEmbedded(template.job).map((path) => ({
    path,
    reason: `expected a placeholder as the whole value, as in "cpu: \${CPUS}"; nothing is replaced inside text`,
  }));
  const misplaced = findPlaceholders(template.job).flatMap((placeholder) => {
    const reason = findFault(placeholder, context);
    return reason === undefined ? [] : [{ path: placeholder.path, reason }];
  });
  const found = [...embedded, ...misplaced];
  for (const { path, reason } of found) report(path, reason);
  (sources.job.faults ??= []).push(...found.map(({ path }) => path));
}

function findFault({ path, parameter }: Placeholder, context: CheckContext): string | undefined {
  const { template } = context;
  const { properties } = template.parameters;
  const shown = `\${${parameter}}`;
  if (!Object.hasOwn(properties, parameter) && !isUnsure(parameter, context)) {
    return `${shown} is not a parameter; expected one of ${Object.keys(properties).join(', ') || 'none'}`;
  }
  const command = ['command', 'args', 'env'].find((member) => path.includes(member));
  if (command !== undefined) {
    return `${shown} cannot stand in ${command}; write $(${parameter}), which Kubernetes replaces, or read the environment`;
  }
  // Labels and annotations may have any name, and the service's own share a limit with them.
  const at = path.findIndex((member) => openMembers.includes(String(member)));
  if (at === -1 || path.slice(0, at).includes('metadata')) {
    return `${shown} cannot stand here; placeholders may be in ${openMembers.join(', ')}`;
  }
  return isUnsure(parameter, context) ? undefined : findLack(parameter, template);
}

/** A placeholder must have a value for every request, and the value must not be secret. */
function findLack(parameter: string, template: Template): string | undefined {
  const { properties, required } = template.parameters;
  const property = properties[parameter] ?? {};
  const shown = `\${${parameter}}`;
  if (property['writeOnly'] === true) return `${shown} is secret, and a Job is not`;
  if (!sampleValues(template).has(parameter)) {
    return `${shown} needs a value for the check: give the parameter a default or an example`;
  }
  const always = 'default' in property || required.includes(parameter);
  if (!always && !Object.hasOwn(template.environment, parameter))
    return `${shown} may have no value: give the parameter a default or make it required`;
  const from = ownMember(template.fromContract, parameter);
  if (from === undefined || isBounded(property)) return undefined;
  return `${shown} comes from ${showContractPath(from)}, whose sender must not choose freely how the pod runs: give the parameter an enum, ${property['type'] === 'string' ? 'or a pattern' : 'or a maximum'}`;
}

function isBounded({ type, ...property }: Record<string, unknown>): boolean {
  if (type === 'boolean' || 'enum' in property) return true;
  return type === 'string' ? 'pattern' in property : 'maximum' in property || 'exclusiveMaximum' in property;
}

/** Values to render a template with before any request: defaults, else the first example, else the first value of the enum. */
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
