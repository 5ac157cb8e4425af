import { conformanceTests } from '../../src/conformance-tests.ts';
import { flowKinds, type FlowKind } from '../../src/protocol.ts';
import type { Rules } from '../rules.ts';
import { ids, move, shortNames, type Family, type Mutation } from './mutation.ts';

/** Each test that creates such a flow and gets its answer at once looks at the address. */
const createdAtOnce: Readonly<Record<FlowKind, readonly RegExp[]>> = {
  'consumer-pull': [/^DP_C_PULL:0[123]/, /^DP_C_HTTP_PULL/, /^X_ILLEGAL:C_PULL-(?!PREPARING)/],
  'consumer-push': [
    /^DP_C_PUSH:0[123]/,
    /^X_ILLEGAL:C_PUSH-(?!PREPARING)/,
    /^X_REPEAT:(PREPARE|STARTED)/,
    /^X_ANSWER:PREPARE/,
    /^X_BODY:(PREPARE-(NULLS|UNKNOWN-|TRANSFER)|STARTED-EMPTY|C_PUSH)/,
    /^X_ADDRESS:C_PUSH/,
  ],
  'provider-pull': [
    /^DP_P_PULL:0[123]/,
    /^DP_P_HTTP_PULL/,
    /^X_ILLEGAL:P_PULL-(?!STARTING)/,
    /^X_REPEAT:(START$|START-OTHER|TERMINATE|COMPLETED)/,
    /^X_ANSWER:(START$|RESUME|STATUS)/,
    /^X_BODY:(START-(NULLS|UNKNOWN-|TRANSFER)|MESSAGE|P_PULL|COMPLETED)/,
    /^X_AUTH/,
  ],
  'provider-push': [/^DP_P_PUSH:0[123]/, /^X_ILLEGAL:P_PUSH-(?!STARTING)/],
};

/** The rules of a kind concern the tests of that kind alone. */
export const ofKinds: readonly Family[] = flowKinds.map((kind) => ({
  name: `the rules of ${kind}`,
  among: conformanceTests.filter((test) => test.kind === kind).map(({ id }) => id),
  mutations: [
    {
      name: `${kind} has the wrong address in its answer`,
      change: ({ addresses }: Rules): void => {
        const places = addresses[kind];
        addresses[kind] = places.includes('create')
          ? places.filter((place) => place !== 'create')
          : [...places, 'create'];
      },
      fails: ids(...createdAtOnce[kind]),
    },
    ...movesOf(kind),
    ...callbacksOf(kind),
  ],
}));

function movesOf(kind: FlowKind): Mutation[] {
  const name = shortNames[kind];
  const ofPull = kind === 'provider-pull';
  return [
    {
      name: `${kind} stays STARTED after terminate`,
      change: move(kind, ['STARTED', 'terminate'], 'STARTED'),
      fails: ids(
        new RegExp(`^DP_${name}:01-02$`),
        new RegExp(`^X_ILLEGAL:${name}-(STARTED|TERMINATED)$`),
        ...(ofPull
          ? [
              /^X_REPEAT:(START|START-ASYNC|START-OTHER|TERMINATE)$/,
              /^X_ANSWER:STATUS$/,
              /^X_BODY:MESSAGE-NULLS$/,
            ]
          : []),
      ),
    },
    {
      name: `${kind} stays SUSPENDED after terminate`,
      change: move(kind, ['SUSPENDED', 'terminate'], 'SUSPENDED'),
      fails: ids(new RegExp(`^DP_${name}:02-02$`), new RegExp(`^X_ILLEGAL:${name}-SUSPENDED$`)),
    },
    {
      name: `${kind} stays SUSPENDED after resume`,
      change: move(kind, ['SUSPENDED', 'resume'], 'SUSPENDED'),
      fails: ids(
        new RegExp(`^DP_${name}:02-01$`),
        ...(ofPull ? [/^X_BODY:MESSAGE-NULLS$/, /^X_ANSWER:RESUME$/] : []),
      ),
    },
    ...completedIgnored(kind),
  ];
}

function completedIgnored(kind: FlowKind): Mutation[] {
  const patterns: Partial<Record<FlowKind, readonly RegExp[]>> = {
    'provider-pull': [
      /^DP_P_PULL:01-01$/,
      /^X_ILLEGAL:P_PULL-COMPLETED$/,
      /^X_REPEAT:COMPLETED$/,
      /^X_BODY:(P_PULL-)?COMPLETED-/,
    ],
    'consumer-push': [/^DP_C_PUSH:03-01$/, /^X_ILLEGAL:C_PUSH-COMPLETED$/, /^X_BODY:C_PUSH-COMPLETED-/],
  };
  const fails = patterns[kind];
  if (fails === undefined) return [];
  const change = move(kind, ['STARTED', 'completed'], 'STARTED');
  return [{ name: `${kind} stays STARTED after completed`, change, fails: ids(...fails) }];
}

function callbacksOf(kind: FlowKind): Mutation[] {
  const name = shortNames[kind];
  const calledBack = [
    new RegExp(`^DP_${name}:04-01$`),
    new RegExp(`^X_ASYNC:${name}$`),
    ...(kind === 'provider-pull' ? [/^X_REPEAT:START-ASYNC$/] : []),
  ];
  return [
    {
      name: `${kind} sends neither prepared nor started`,
      change: ({ callbacks }): void => {
        callbacks[kind] = callbacks[kind].filter((callback) => callback === 'completed');
      },
      fails: ids(...calledBack),
    },
    {
      name: `${kind} answers at once where it has to wait`,
      change: ({ created }): void => {
        created[kind].async = created[kind].sync;
      },
      fails: ids(...calledBack, new RegExp(`^X_ILLEGAL:${name}-PREPARING$`)),
    },
    {
      name: `${kind} has the wrong address in its callback`,
      change: ({ addresses }): void => {
        addresses[kind] = addresses[kind].includes('callback')
          ? addresses[kind].filter((place) => place !== 'callback')
          : ['callback'];
      },
      fails: ids(new RegExp(`^X_ASYNC:${name}$`)),
    },
    ...completionMissing(kind),
  ];
}

function completionMissing(kind: FlowKind): Mutation[] {
  if (kind !== 'consumer-pull' && kind !== 'provider-push') return [];
  const name = shortNames[kind];
  return [
    {
      name: `${kind} sends no completed`,
      change: ({ callbacks }) => {
        callbacks[kind] = callbacks[kind].filter((callback) => callback !== 'completed');
      },
      fails: ids(new RegExp(`^DP_${name}:03-01$`), new RegExp(`^X_ILLEGAL:${name}-COMPLETED$`)),
    },
  ];
}
