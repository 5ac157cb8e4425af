import { randomUUID } from 'node:crypto';
import type { ConformanceTest, Step, TestRun } from '../conformance-test.ts';
import { creationOf, httpPull, type FlowKind } from '../protocol.ts';
import { create, sinkAddress } from '../steps/create.ts';
import { expectSuccess, reach, send } from '../steps/messages.ts';
import { refuseCreation, refuseText, refuseWithout } from '../steps/refusals.ts';
import { own } from './own-test.ts';

/** `claims` is not one of them: EDC 0.16 sends none. */
const required = [
  'messageId',
  'participantId',
  'counterPartyId',
  'dataspaceContext',
  'processId',
  'agreementId',
  'datasetId',
  'profile',
];

const kinds = ['provider-pull', 'consumer-push'] as const;

/** Bodies of `prepare` and `start`, whose readers may differ. */
const ofCreation: readonly ConformanceTest[] = kinds.flatMap((kind) => {
  const verb = creationOf(kind);
  const name = verb.toUpperCase();
  const created = kind === 'provider-pull' ? 'STARTED' : 'PREPARED';
  return [
    ...required.map((member) =>
      own(`X_BODY:${name}-WITHOUT-${member.toUpperCase()}`, `${verb} without ${member} is refused with 400`, {
        kind,
        steps: [refuseWithout(member)],
      }),
    ),
    own(`X_BODY:${name}-NOT-AN-OBJECT`, `${verb} with a body that is no JSON object is refused with 400`, {
      kind,
      steps: [refuseText('{"messageId":'), refuseText('[]'), refuseText('null')],
    }),
    own(`X_BODY:${name}-NULLS`, `${verb} with null in optional members is accepted`, {
      kind,
      steps: [create(created, withNulls)],
    }),
    own(`X_BODY:${name}-UNKNOWN-MEMBERS`, `${verb} with unknown members is accepted`, {
      kind,
      steps: [create(created, withUnknownMembers)],
    }),
    own(`X_BODY:${name}-TRANSFERTYPE`, `${verb} with transferType in place of profile is accepted`, {
      kind,
      steps: [create(created, withOlderName)],
    }),
    own(`X_BODY:${name}-UNSUPPORTED-PROFILE`, `${verb} with an unsupported profile is refused`, {
      kind,
      steps: [refuseOtherProfile],
    }),
  ];
});

const pulled = { kind: 'provider-pull', created: [create('STARTED')] } as const;
const pushed = { kind: 'consumer-push', created: [create('PREPARED'), send('started')] } as const;

const ofMessages: readonly ConformanceTest[] = [
  own('X_BODY:MESSAGE-NULLS', 'messages with null in optional members, and unknown members, are accepted', {
    kind: 'provider-pull',
    steps: [
      ...pulled.created,
      send('suspend', { reason: null, future: [1] }),
      send('resume', { dataAddress: null, processId: randomUUID() }),
      send('terminate', { reason: null, future: [1] }),
      reach('TERMINATED'),
    ],
  }),
  own('X_BODY:STARTED-EMPTY', 'started without a body is accepted', {
    kind: 'consumer-push',
    steps: [create('PREPARED'), sendBare('started'), reach('STARTED')],
  }),
  ...[pulled, pushed].map(({ kind, created }) =>
    own(
      `X_BODY:${shortName(kind)}-COMPLETED-EMPTY`,
      'completed without a body and content type is accepted',
      {
        kind,
        steps: [...created, sendBare('completed'), reach('COMPLETED')],
      },
    ),
  ),
  own('X_BODY:COMPLETED-ANY-TYPE', 'completed with an empty object of another content type is accepted', {
    kind: 'provider-pull',
    steps: [
      ...pulled.created,
      sendBare('completed', { body: '{}', contentType: 'text/plain' }),
      reach('COMPLETED'),
    ],
  }),
];

const ofAddresses: readonly ConformanceTest[] = [
  own('X_ADDRESS:P_PULL-START', 'start of a pull with a dataAddress is refused', {
    kind: 'provider-pull',
    steps: [refuseCreation((message) => ({ ...message, dataAddress: sinkAddress('http://localhost/') }))],
  }),
  own('X_ADDRESS:P_PUSH-START', 'start of a push without a dataAddress is refused', {
    kind: 'provider-push',
    steps: [refuseCreation((message) => ({ ...message, dataAddress: undefined }))],
  }),
  own('X_ADDRESS:C_PUSH-STARTED', 'started of a push with a dataAddress is accepted, as EDC 0.18 sends it', {
    kind: 'consumer-push',
    steps: [
      create('PREPARED'),
      send('started', { dataAddress: { endpointType: httpPull, endpoint: 'https://localhost/' } }),
      reach('STARTED'),
    ],
  }),
];

export const bodies: readonly ConformanceTest[] = [...ofCreation, ...ofMessages, ...ofAddresses];

/** Sends a message with exactly this body and content type, by default neither. */
function sendBare(
  message: 'started' | 'completed',
  request: { body?: string; contentType?: string } = {},
): Step {
  return async (run) => {
    const answer = await run.plane({ path: `${encodeURIComponent(run.flowId)}/${message}`, ...request });
    expectSuccess(`${message} with the body "${request.body ?? ''}"`, answer);
  };
}

function shortName(kind: FlowKind): string {
  return kind === 'provider-pull' ? 'P_PULL' : 'C_PUSH';
}

type Members = Record<string, unknown>;

function withNulls(message: Members): Members {
  return { dataAddress: null, ...message, callbackAddress: null, labels: null, metadata: null };
}

function withUnknownMembers(message: Members): Members {
  return { ...message, '@context': ['https://example.org'], future: { a: [1] } };
}

function withOlderName({ profile, ...message }: Members): Members {
  return { ...message, transferType: profile };
}

async function refuseOtherProfile(run: TestRun): Promise<void> {
  const profile = run.settings.own.X_UNSUPPORTED_PROFILE ?? 'unsupported-profile';
  await refuseCreation((message) => ({ ...message, profile }))(run);
}
