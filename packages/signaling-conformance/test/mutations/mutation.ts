import { conformanceTests } from '../../src/conformance-tests.ts';
import type { FlowKind, FlowMessage, State } from '../../src/protocol.ts';
import type { Fault, Rules } from '../rules.ts';

/** One thing that a data plane does wrong. */
export interface Mutation {
  name: string;
  change: (rules: Rules) => void;
  /** The ids that fail, in the order of the tests. */
  fails: readonly string[];
}

/** Mutations that concern no test but these. Each is run against them, and all together against the other tests. */
export interface Family {
  name: string;
  among: readonly string[];
  mutations: readonly Mutation[];
}

/** The ids of tests that match. */
export function ids(...patterns: RegExp[]): string[] {
  return conformanceTests.map(({ id }) => id).filter((id) => patterns.some((pattern) => pattern.test(id)));
}

/** Lets a message lead from one state to another, or to none. */
export function move(
  kind: FlowKind,
  [from, message]: readonly [State, FlowMessage],
  to: State | undefined,
): (rules: Rules) => void {
  return ({ moves }) => {
    const others = Object.entries(moves[kind][from] ?? {}).filter(([name]) => name !== message);
    moves[kind][from] = Object.fromEntries(to === undefined ? others : [...others, [message, to]]);
  };
}

export function fault(name: Fault, ...patterns: RegExp[]): Mutation {
  return { name, change: ({ faults }) => faults.add(name), fails: ids(...patterns) };
}

/** As the ids of tests name them. */
export const shortNames: Readonly<Record<FlowKind, string>> = {
  'consumer-pull': 'C_PULL',
  'consumer-push': 'C_PUSH',
  'provider-pull': 'P_PULL',
  'provider-push': 'P_PUSH',
};
