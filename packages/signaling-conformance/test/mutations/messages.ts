import { flowKinds, flowMessages, type FlowKind, type State } from '../../src/protocol.ts';
import { correct, type Rules } from '../rules.ts';
import { ids, move, shortNames, type Family, type Mutation } from './mutation.ts';

const illegalAccepted: readonly Family[] = flowKinds.map((kind) => {
  const among = ids(new RegExp(`^X_ILLEGAL:${shortNames[kind]}-`));
  return {
    name: `illegal messages of ${kind}`,
    among,
    mutations: among.flatMap((id) => acceptedIn(kind, id)),
  };
});

/** Each message that is refused in the state of the test is accepted there, and changes nothing. */
function acceptedIn(kind: FlowKind, id: string): Mutation[] {
  const state = id.slice(id.lastIndexOf('-') + 1) as State;
  const legal = correct().moves[kind][state] ?? {};
  return flowMessages
    .filter((message) => !(message in legal))
    .filter((message) => !(state === 'PREPARING' && message === 'started'))
    .map((message) => ({
      name: `${kind} accepts ${message} in ${state}`,
      change: move(kind, [state, message], state),
      fails: [id],
    }));
}

const requiredIgnored: readonly Family[] = (['start', 'prepare'] as const).map((verb) => {
  const prefix = `X_BODY:${verb.toUpperCase()}-WITHOUT-`;
  return {
    name: `required members of ${verb}`,
    among: ids(new RegExp(`^${prefix}`)),
    mutations: correct().required[verb].map((member) => ({
      name: `${verb} does not need ${member}`,
      change: ({ required }: Rules): void => {
        required[verb] = required[verb].filter((name) => name !== member);
      },
      fails: [prefix + member.toUpperCase()],
    })),
  };
});

const unknownAnswered: Family = {
  name: 'messages to unknown flows',
  among: ids(/^X_UNKNOWN/),
  mutations: flowMessages.map((message) => ({
    name: `${message} of an unknown flow is answered with 409`,
    change: ({ unknownFlow }: Rules): void => {
      unknownFlow[message] = 409;
    },
    fails: [`X_UNKNOWN:${message.toUpperCase()}`],
  })),
};

export const ofMessages: readonly Family[] = [...illegalAccepted, ...requiredIgnored, unknownAnswered];
