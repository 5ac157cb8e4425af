import { ownMember } from '../schemas/schema-problem.ts';

/** Members of a message about the contract of a transfer, of any type and depth. Only some dialects carry them. */
export interface Contract {
  metadata?: object;
  claims?: object;
}

export const contractRoots: readonly string[] = ['metadata', 'claims'] satisfies (keyof Contract)[];

/** A root and the names of members below it, from the outside in. */
export type ContractPath = readonly string[];

/** Reads `metadata.year`. Names with other characters are written as a list, which is the path itself. */
export function readContractPath(from: string | readonly string[]): ContractPath {
  return typeof from === 'string' ? from.split('.') : from;
}

const plainName = /^[A-Za-z0-9_-]+$/;

/** `metadata.year`, or `metadata["a.year"]` for a name with other characters. */
export function showContractPath([root = '', ...names]: ContractPath): string {
  const members = names.map((name) => (plainName.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`));
  return [root, ...members].join('');
}

/** A member of a contract; `value` is undefined if it is absent or null. */
export interface ContractMember {
  path: ContractPath;
  value: unknown;
}

/** The member at the path. If a value on the way there is no object, it is returned instead, with its own, shorter path. */
export function findContractMember(contract: Contract, path: ContractPath): ContractMember {
  let value: unknown = contract;
  for (const [index, name] of path.entries()) {
    if (!isMap(value)) return { path: path.slice(0, index), value };
    // Some control planes write an absent member as null.
    value = ownMember(value, name) ?? undefined;
    if (value === undefined) break;
  }
  return { path, value };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a string`, `a list`: the kind of a value, for error messages that must not show it. */
export function kindOfMember(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
