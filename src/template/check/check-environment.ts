import type { Container } from '../../kubernetes/types.ts';
import type { Path } from '../placeholders.ts';
import { problemAt } from '../read/source.ts';
import type { Template, TemplateProblem } from '../template.ts';
import { reservedVariables } from './check-parameters.ts';
import { containersOf } from './check-containers.ts';
import type { JobContext } from './context.ts';
import { findReferences, scriptIndex } from './references.ts';

/** What containers take from outside, and where their commands put it. */
export function checkEnvironment(context: JobContext, problems: TemplateProblem[]): void {
  for (const { container, path } of containersOf(context)) {
    const report = (below: Path, reason: string): void => {
      const at = [...path, ...below];
      problems.push(problemAt(context.sources.job, at, `${at.join('.')}: ${reason}`));
    };
    checkVariables(container, context, report);
    checkSources(container, context, report);
    checkCommand(container, context, report);
  }
}

type Report = (below: Path, reason: string) => void;

/** A container's own variable wins over the parameter of its name, which then would do nothing. */
function checkVariables({ env = [] }: Container, { template }: JobContext, report: Report): void {
  for (const [index, { name }] of env.entries()) {
    if (reservedVariables.includes(name)) report(['env', index], `${name} is set by the service`);
    if (Object.hasOwn(template.parameters.properties, name)) {
      report(['env', index], `${name} is a parameter, which this variable would hide`);
    }
  }
}

function checkSources({ env = [], envFrom = [] }: Container, { settings }: JobContext, report: Report): void {
  const secrets = settings.pods.allowedSecrets;
  const references = [
    ...env.map(({ valueFrom }, index) => ({
      at: ['env', index],
      map: valueFrom?.configMapKeyRef,
      secret: valueFrom?.secretKeyRef,
    })),
    ...envFrom.map(({ configMapRef, secretRef }, index) => ({
      at: ['envFrom', index],
      map: configMapRef,
      secret: secretRef,
    })),
  ];
  for (const { at, map, secret } of references) {
    if (secret !== undefined && !secrets.includes(secret.name ?? ''))
      report(at, refuseSecret(secret.name ?? ''));
    if (isOurs(map?.name)) report(at, refuseOurs(map?.name ?? ''));
  }
}

export function refuseSecret(name: string): string {
  return `the Secret "${name}" is not among pods.allowedSecrets of the configuration`;
}

/** Names that the service gives: another flow's environment is not for reading. */
export function isOurs(name: string | undefined): boolean {
  return name?.startsWith('flow-') === true || name?.startsWith('files-') === true;
}

export function refuseOurs(name: string): string {
  return `"${name}" looks like an object of the service's own (flow-…, files-…)`;
}

function checkCommand(container: Container, { template }: JobContext, report: Report): void {
  const words = [
    ...(container.command ?? []).map((word, index) => ({ word, at: ['command', index] })),
    ...(container.args ?? []).map((word, index) => ({ word, at: ['args', index] })),
  ];
  const script = scriptIndex(words.map(({ word }) => word));
  const known = knownVariables(container, template);
  for (const [index, { word, at }] of words.entries()) {
    for (const name of findReferences(word)) {
      if (index === script) {
        report(
          at,
          `$(${name}) inside a program's text would become part of the program; let it read the variable ${name} from its environment`,
        );
      } else if (known !== undefined && !known.has(name)) {
        report(
          at,
          `$(${name}) has no value for sure; expected a parameter with a default or required, or a variable of job.env`,
        );
      }
    }
  }
}

/** Undefined: a ConfigMap or Secret that is not ours may bring any. */
function knownVariables(
  { env = [], envFrom = [] }: Container,
  { parameters, environment }: Template,
): Set<string> | undefined {
  if (envFrom.length > 0) return undefined;
  const sure = Object.entries(parameters.properties).filter(
    ([name, property]) => 'default' in property || parameters.required.includes(name),
  );
  return new Set([
    ...reservedVariables,
    ...env.map(({ name }) => name),
    ...sure.map(([name]) => name),
    ...Object.keys(environment),
  ]);
}
