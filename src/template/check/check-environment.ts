import { inputVariable } from '../../flow/flow-input.ts';
import type { Container } from '../../kubernetes/types.ts';
import type { Report } from '../read/source.ts';
import type { Template } from '../template.ts';
import { containersOf } from './check-containers.ts';
import { reservedVariables } from './check-parameters.ts';
import { isOurs, refuseOurs, refuseSecret, isUnsure, reportBelow, type JobContext } from './context.ts';

/** Checks variables, the objects they come from, and references to them in commands. */
export function checkEnvironment(context: JobContext): void {
  for (const { container, path } of containersOf(context)) {
    const report = reportBelow(path, context);
    checkVariables(container, context, report);
    checkSources(container, context, report);
    checkCommand(container, context, report);
  }
}

/** A container's own variable wins over a parameter of its name, which would have no effect. */
function checkVariables({ env = [] }: Container, { template }: JobContext, report: Report): void {
  for (const [index, { name }] of env.entries()) {
    if (isReserved(name, template)) report(['env', index], `${name} is set by the service`);
    if (Object.hasOwn(template.parameters.properties, name)) {
      report(['env', index], `${name} is a parameter, which this variable would hide`);
    }
  }
}

function isReserved(name: string, { inputs }: Template): boolean {
  return reservedVariables.includes(name) || inputs.some((input) => inputVariable(input.name) === name);
}

function checkSources({ env = [], envFrom = [] }: Container, { settings }: JobContext, report: Report): void {
  const variables = env.map(({ valueFrom = {} }, index) => ({
    at: ['env', index],
    map: valueFrom.configMapKeyRef,
    secret: valueFrom.secretKeyRef,
  }));
  const wholes = envFrom.map(({ configMapRef, secretRef }, index) => ({
    at: ['envFrom', index],
    map: configMapRef,
    secret: secretRef,
  }));
  for (const { at, map, secret } of [...variables, ...wholes]) {
    if (secret !== undefined && !settings.pods.allowedSecrets.includes(secret.name ?? '')) {
      report(at, refuseSecret(secret.name));
    }
    if (isOurs(map?.name)) report(at, refuseOurs(map?.name));
  }
}

function checkCommand(container: Container, context: JobContext, report: Report): void {
  const words = (['command', 'args'] as const).flatMap((member) =>
    (container[member] ?? []).map((word, index) => ({ word, at: [member, index] })),
  );
  const script = scriptIndex(words.map(({ word }) => word));
  const known = knownVariables(container, context.template);
  for (const [index, { word, at }] of words.entries()) {
    for (const name of findReferences(word)) {
      const fault =
        index === script
          ? refuseInScript(name)
          : isUnsure(name, context)
            ? undefined
            : findUnknown(name, known);
      if (fault !== undefined) report(at, fault);
    }
  }
}

function refuseInScript(name: string): string {
  return `$(${name}) inside the text of a program would become part of it; let the program read the variable ${name} from its environment`;
}

/** Kubernetes does not replace a reference without a value. */
function findUnknown(name: string, known: ReadonlySet<string> | undefined): string | undefined {
  if (known === undefined || known.has(name)) return undefined;
  return `$(${name}) may have no value; expected a parameter that is required or has a default, the variable of a required input, or a variable of job.env`;
}

/** Undefined if `envFrom` is used, which may add any variable. */
function knownVariables(
  { env = [], envFrom = [] }: Container,
  { parameters, environment, inputs }: Template,
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
    ...inputs.filter(({ required }) => required).map(({ name }) => inputVariable(name)),
  ]);
}

const shells = /(^|\/)(ba|da|a|k|z|fi)?sh$/;
const interpreters = /(^|\/)(node|python[0-9.]*|perl|ruby|php|lua|deno|bun|pwsh)$/;
const shellFlag = /^-[a-z]*c[a-z]*$/;
const interpreterFlag = /^(-[a-z]*[cepr]|--eval|--print|-Command)$/;
/** Programs that start another one, which is the one to check. */
const starters = /(^|\/)(env|exec|nice|time|timeout|tini|dumb-init|busybox)$/;

/** Names of references `$(NAME)`; `$$(NAME)` is plain text for Kubernetes. */
function findReferences(word: string): string[] {
  const found = word.matchAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g);
  return [...found].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Index of the word that is the text of a program, as in `sh -c TEXT`; -1 if there is none. */
function scriptIndex(words: readonly string[]): number {
  const program = words.findIndex((word) => !starters.test(word) && !/^(-.*|\d+[smh]?|\w+=.*)$/.test(word));
  const name = words[program] ?? '';
  const flag = shells.test(name) ? shellFlag : interpreters.test(name) ? interpreterFlag : undefined;
  if (flag === undefined) return -1;
  const found = words.findIndex((word, index) => index > program && flag.test(word));
  return found === -1 ? -1 : found + 1;
}
