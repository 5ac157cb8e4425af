import { ownMember } from '../schemas/schema-problem.ts';
import {
  findContractMember,
  kindOfMember,
  showContractPath,
  type Contract,
  type ContractMember,
  type ContractPath,
} from './contract-path.ts';
import type { Template } from './template.ts';
import {
  describeParameter,
  refuseParameters,
  type DescribeProblem,
  type ParameterProblem,
} from './validate-parameters.ts';

/** A value becomes an environment variable; a message may be much larger. */
const lengthLimit = 4096;

interface ContractParameters {
  values: Record<string, unknown>;
  describe: DescribeProblem;
}

interface Found extends ContractMember {
  parameter: string;
  /** The whole path, of which `path` may be the first part. */
  wanted: ContractPath;
}

/**
 * The values that the contract gives to parameters which the provider has not fixed. `describe` names the member of the contract and the
 * kind of its value, but not the value: a connector shows the answer to its counterparty, and the metadata may be the provider's own.
 */
export function takeFromContract(
  template: Template,
  { contract, fixed }: { contract: Contract | undefined; fixed: Readonly<Record<string, unknown>> },
): ContractParameters {
  if (contract === undefined) return { values: {}, describe: describeParameter };
  const found = Object.entries(template.fromContract)
    .filter(([parameter]) => !Object.hasOwn(fixed, parameter))
    .map(([parameter, wanted]) => ({ parameter, wanted, ...findContractMember(contract, wanted) }));
  const describe = describer(template, found);
  refuseParameters(
    found.flatMap((one) => findMisfit(one, template)),
    describe,
  );
  const given = found.filter(({ value }) => value !== undefined);
  return { values: Object.fromEntries(given.map(({ parameter, value }) => [parameter, value])), describe };
}

/** Problems that a parameter's schema does not show. */
function findMisfit(found: Found, template: Template): ParameterProblem[] {
  const expected = expectedBeforeSchema(found, template);
  return expected === undefined ? [] : [{ parameter: found.parameter, expected, reason: expected }];
}

function expectedBeforeSchema(
  { parameter, wanted, path, value }: Found,
  { parameters }: Template,
): string | undefined {
  if (path.length < wanted.length) return 'an object';
  if (typeof value === 'string' && value.length > lengthLimit) return `at most ${lengthLimit} characters`;
  // JSON's integers beyond this have lost digits when they were parsed.
  const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
  const { type } = ownMember(parameters.properties, parameter) ?? {};
  return isInexact && type === 'integer' ? `an integer up to ${Number.MAX_SAFE_INTEGER}` : undefined;
}

function describer({ name }: Template, found: readonly Found[]): DescribeProblem {
  const byParameter = Object.fromEntries(found.map((one) => [one.parameter, one]));
  return (problem) => {
    const { parameter, expected } = problem;
    const member = ownMember(byParameter, parameter);
    if (member === undefined) return describeParameter(problem);
    const field = showContractPath(member.path);
    const received = `${kindOfMember(member.value)}${isScalar(member.value) ? ' (not shown)' : ''}`;
    const message = `${field}: expected ${expected}, received ${received}, for the parameter ${parameter} of template ${name}`;
    return { message, field };
  };
}

function isScalar(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object';
}

/** A required parameter that only a contract can give. */
export interface ContractNeed {
  parameter: string;
  path: ContractPath;
  /** Assets that do not set it; empty if the template lists no asset. */
  assets: string[];
}

export function findContractNeeds(template: Template): ContractNeed[] {
  return template.parameters.required.flatMap((parameter) => {
    const path = ownMember(template.fromContract, parameter);
    if (path === undefined || hasDefault(template, parameter)) return [];
    const open = template.assets.filter(({ parameters }) => !Object.hasOwn(parameters, parameter));
    if (template.assets.length > 0 && open.length === 0) return [];
    return [{ parameter, path, assets: open.map(({ id }) => id) }];
  });
}

function hasDefault({ parameters, environment }: Template, parameter: string): boolean {
  const property = ownMember(parameters.properties, parameter) ?? {};
  return 'default' in property || Object.hasOwn(environment, parameter);
}
