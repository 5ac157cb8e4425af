import type { Fixture } from '../src/conformance-test.ts';
import type { Callback, Creation, FlowKind, FlowMessage, State } from '../src/protocol.ts';

/** How the data plane of the tests behaves. `correct()` passes every test; a mutation changes one thing. */
export interface Rules {
  /** The state that the message that creates a flow is answered with. */
  created: Record<FlowKind, Record<Fixture, State>>;
  /** Where each message leads; a message without an entry is refused with 409. */
  moves: Record<FlowKind, Partial<Record<State, Partial<Record<FlowMessage, State>>>>>;
  /** Callbacks that are sent. */
  callbacks: Record<FlowKind, Callback[]>;
  /** Where this side's address is handed out. */
  addresses: Record<FlowKind, Place[]>;
  /** How messages to a flow that does not exist are answered. */
  unknownFlow: Record<FlowMessage | 'status', number>;
  required: Record<Creation, string[]>;
  faults: Set<Fault>;
}

export type Place = 'create' | 'resume' | 'callback';

/** What tables do not say. */
export type Fault =
  | `answers a repeated ${Creation} with a new message`
  | 'answers a repeated start with the state of now'
  | 'creates a flow for each of two copies'
  | `accepts another ${Creation} for a transfer`
  | `fails at a ${Creation} that is no object`
  | `refuses null in ${Creation}`
  | `refuses unknown members of ${Creation}`
  | `reads no transferType of ${Creation}`
  | `accepts any profile of ${Creation}`
  | 'refuses null in messages'
  | 'wants a body of started'
  | `wants a body of completed of a ${'pull' | 'push'}`
  | 'wants JSON in completed'
  | 'accepts an address of a pull'
  | 'starts a push without an address'
  | 'refuses an address of a started push'
  | 'refuses every address of the HTTP profile'
  | 'accepts an address without renewal'
  | 'hands out an address without renewal'
  | 'renews with the same token'
  | 'accepts any refresh token'
  | 'accepts any audience'
  | 'answers 202 at once'
  | 'sends no Location'
  | 'chooses ids of its own'
  | 'shows more in the status'
  | 'changes the state with a refusal'
  | 'calls back with null'
  | 'calls back about another flow'
  | `accepts ${'no' | 'a wrong' | 'an expired' | "another's" | 'a foreign'} token`
  | 'accepts a wrong path';

const ends = { terminate: 'TERMINATED' } as const;
const paused = { resume: 'STARTED', ...ends } as const;
const creation = [
  'messageId',
  'participantId',
  'counterPartyId',
  'dataspaceContext',
  'processId',
  'agreementId',
  'datasetId',
  'profile',
];

const completed = { terminate: 'COMPLETED', completed: 'COMPLETED' } as const;
const moves: Rules['moves'] = {
  'consumer-pull': {
    PREPARING: ends,
    PREPARED: { started: 'STARTED', ...ends },
    STARTED: { started: 'STARTED', suspend: 'SUSPENDED', ...ends },
    SUSPENDED: paused,
    COMPLETED: completed,
    TERMINATED: ends,
  },
  'consumer-push': {
    PREPARING: ends,
    PREPARED: { started: 'STARTED', ...ends },
    STARTED: { started: 'STARTED', suspend: 'SUSPENDED', completed: 'COMPLETED', ...ends },
    SUSPENDED: paused,
    COMPLETED: completed,
    TERMINATED: ends,
  },
  'provider-pull': {
    STARTING: ends,
    STARTED: { suspend: 'SUSPENDED', completed: 'COMPLETED', ...ends },
    SUSPENDED: paused,
    COMPLETED: completed,
    TERMINATED: ends,
  },
  'provider-push': {
    STARTING: ends,
    STARTED: { suspend: 'SUSPENDED', ...ends },
    SUSPENDED: paused,
    COMPLETED: completed,
    TERMINATED: ends,
  },
};

export function correct(): Rules {
  const tables: Omit<Rules, 'faults'> = {
    created: {
      'consumer-pull': consumer,
      'consumer-push': consumer,
      'provider-pull': provider,
      'provider-push': provider,
    },
    moves,
    callbacks: {
      'consumer-pull': ['prepared', 'completed'],
      'consumer-push': ['prepared'],
      'provider-pull': ['started'],
      'provider-push': ['started', 'completed'],
    },
    addresses: {
      'consumer-pull': [],
      'consumer-push': ['create', 'resume', 'callback'],
      'provider-pull': ['create', 'resume', 'callback'],
      'provider-push': [],
    },
    unknownFlow: { started: 404, suspend: 404, resume: 404, terminate: 404, completed: 404, status: 404 },
    required: { prepare: creation, start: creation },
  };
  // As JSON, so that no two entries are one object: a mutation of one would change the other.
  return { ...(JSON.parse(JSON.stringify(tables)) as typeof tables), faults: new Set<Fault>() };
}

const consumer: Record<Fixture, State> = {
  sync: 'PREPARED',
  async: 'PREPARING',
  complete: 'PREPARED',
  slow: 'PREPARING',
};
const provider: Record<Fixture, State> = {
  sync: 'STARTED',
  async: 'STARTING',
  complete: 'STARTED',
  slow: 'STARTING',
};
