import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import type { Contract } from '../template/contract-path.ts';
import { UsageError } from './command-line.ts';

/** Options of commands that try a template with a contract. */
export const contractOptions = { metadata: { type: 'string' }, claims: { type: 'string' } } as const;

type Given = Partial<Record<keyof Contract, string | undefined>>;

/** Undefined if neither option is given, as for a connector whose requests carry no contract. */
export function readContract({ metadata, claims }: Given): Contract | undefined {
  if (metadata === undefined && claims === undefined) return undefined;
  return {
    ...(metadata === undefined ? {} : { metadata: readObject('metadata', metadata) }),
    ...(claims === undefined ? {} : { claims: readObject('claims', claims) }),
  };
}

function readObject(option: string, given: string): object {
  const value = parse(option, given);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`--${option}: expected a JSON object, or @FILE with one`);
}

function parse(option: string, given: string): unknown {
  try {
    return JSON.parse(given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given);
  } catch (cause) {
    throw new UsageError(`--${option}: expected a JSON object, or @FILE with one: ${messageOf(cause)}`, {
      cause,
    });
  }
}
