import { findEmbedded, findPlaceholders, type Path, type Placeholder } from '../placeholders.ts';
import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { CheckContext } from './context.ts';
import { sampleValues } from './sample-values.ts';

/** Members whose values, and all below them, may come from a parameter. All else decides what a pod may do. */
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

export function checkPlaceholders(context: CheckContext, problems: TemplateProblem[]): void {
  const { template, sources } = context;
  for (const path of findEmbedded(template.job)) {
    const reason = `${path.join('.')}: expected a placeholder to be the whole value, as in "cpu: \${CPUS}"; nothing is replaced inside text`;
    problems.push(problemAt(sources.job, path, reason));
  }
  for (const placeholder of findPlaceholders(template.job)) {
    const reason = findFault(placeholder, context);
    if (reason === undefined) continue;
    problems.push(problemAt(sources.job, placeholder.path, `${placeholder.path.join('.')}: ${reason}`));
  }
}

function findFault({ path, parameter }: Placeholder, { template }: CheckContext): string | undefined {
  const { properties, required } = template.parameters;
  const property = Object.hasOwn(properties, parameter) ? properties[parameter] : undefined;
  const shown = `\${${parameter}}`;
  if (property === undefined) {
    return `${shown} is not a parameter; expected one of ${Object.keys(properties).join(', ') || 'none'}`;
  }
  if (isCommand(path)) {
    return `${shown} cannot stand in ${isCommand(path)}; write $(${parameter}), which Kubernetes replaces, or read the environment`;
  }
  if (!path.some((member) => openMembers.includes(String(member)))) {
    return `${shown} cannot stand here; placeholders may be in ${openMembers.join(', ')}`;
  }
  if (property['writeOnly'] === true) return `${shown} is secret, and everybody may read a Job`;
  if (!sampleValues(template).has(parameter)) {
    return `${shown} needs a value to be checked with: give the parameter a default or an example`;
  }
  const always =
    'default' in property || required.includes(parameter) || Object.hasOwn(template.environment, parameter);
  return always
    ? undefined
    : `${shown} may be without a value: give the parameter a default or make it required`;
}

function isCommand(path: Path): string | false {
  return ['command', 'args', 'env'].find((member) => path.includes(member)) ?? false;
}
