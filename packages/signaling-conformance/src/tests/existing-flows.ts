import type { ConformanceTest, Step } from '../conformance-test.ts';
import { flowMessages } from '../protocol.ts';
import { checkCreationAnswer, checkResumeAnswer, checkStatusAnswer } from '../steps/answers.ts';
import { awaitCallback, checkCallback, expectCallback } from '../steps/callbacks.ts';
import { create } from '../steps/create.ts';
import { reach, send } from '../steps/messages.ts';
import { refuseUnknown } from '../steps/refusals.ts';
import { createTwiceAtOnce, refuseOtherCreation, repeatCreation } from '../steps/repeats.ts';
import { own } from './own-test.ts';

const started = [create('PREPARED'), send('started'), reach('STARTED')];
const terminated = [send('terminate'), reach('TERMINATED')];
const startedLater = [
  expectCallback('started'),
  create('STARTING'),
  awaitCallback('started'),
  reach('STARTED'),
];

export const unknownFlows: readonly ConformanceTest[] = [...flowMessages, 'status' as const].map((message) =>
  own(`X_UNKNOWN:${message.toUpperCase()}`, `${message} of an unknown flow is answered with 404`, {
    kind: 'provider-pull',
    steps: [refuseUnknown(message)],
  }),
);

export const repeats: readonly ConformanceTest[] = [
  own('X_REPEAT:START', 'a repeated start gets the stored answer', {
    kind: 'provider-pull',
    steps: [create('STARTED'), repeatCreation, ...terminated],
  }),
  own('X_REPEAT:START-ASYNC', 'a start that is repeated after its callback gets the stored answer', {
    kind: 'provider-pull',
    fixture: 'async',
    steps: [...startedLater, repeatCreation, ...terminated],
  }),
  own('X_REPEAT:START-AT-ONCE', 'two copies of a start that come together get one answer', {
    kind: 'provider-pull',
    steps: [createTwiceAtOnce],
  }),
  own('X_REPEAT:PREPARE', 'a repeated prepare gets the stored answer', {
    kind: 'consumer-push',
    steps: [create('PREPARED'), repeatCreation, ...terminated],
  }),
  own('X_REPEAT:START-OTHER', 'a start with a known processId and another messageId is refused', {
    kind: 'provider-pull',
    steps: [create('STARTED'), refuseOtherCreation, ...terminated],
  }),
  own('X_REPEAT:PREPARE-OTHER', 'a prepare with a known processId and another messageId is refused', {
    kind: 'consumer-push',
    steps: [create('PREPARED'), refuseOtherCreation, ...terminated],
  }),
  own('X_REPEAT:STARTED', 'started in STARTED is answered with 2xx', {
    kind: 'consumer-push',
    steps: [...started, send('started'), reach('STARTED')],
  }),
  own('X_REPEAT:TERMINATE', 'terminate in TERMINATED is answered with 2xx', {
    kind: 'provider-pull',
    steps: [create('STARTED'), ...terminated, ...terminated],
  }),
  own('X_REPEAT:COMPLETED', 'completed in COMPLETED is answered with 2xx', {
    kind: 'provider-pull',
    steps: [create('STARTED'), send('completed'), reach('COMPLETED'), send('completed'), reach('COMPLETED')],
  }),
];

function callbackSteps(callback: 'prepared' | 'started', hasAddress: boolean): readonly Step[] {
  const state = callback === 'prepared' ? 'PREPARING' : 'STARTING';
  return [
    expectCallback(callback),
    create(state),
    checkCreationAnswer,
    awaitCallback(callback),
    checkCallback(callback, hasAddress),
  ];
}

export const answers: readonly ConformanceTest[] = [
  own('X_ANSWER:START', 'start has a valid answer with 200 and the processId as its dataFlowId', {
    kind: 'provider-pull',
    steps: [create('STARTED'), checkCreationAnswer],
  }),
  own('X_ANSWER:PREPARE', 'prepare has a valid answer with 200 and the processId as its dataFlowId', {
    kind: 'consumer-push',
    steps: [create('PREPARED'), checkCreationAnswer],
  }),
  own('X_ANSWER:RESUME', 'resume has a valid answer with the address of the provider', {
    kind: 'provider-pull',
    steps: [create('STARTED'), send('suspend'), checkResumeAnswer, reach('STARTED')],
  }),
  own('X_ANSWER:STATUS', 'the status is exactly dataFlowId and state, also after the end', {
    kind: 'provider-pull',
    steps: [create('STARTED'), checkStatusAnswer, ...terminated, checkStatusAnswer],
  }),
  own('X_ASYNC:C_PULL', '202 with Location; prepared names the flow and has no address', {
    kind: 'consumer-pull',
    fixture: 'async',
    steps: callbackSteps('prepared', false),
  }),
  own('X_ASYNC:C_PUSH', '202 with Location; prepared names the flow and has the address', {
    kind: 'consumer-push',
    fixture: 'async',
    steps: callbackSteps('prepared', true),
  }),
  own('X_ASYNC:P_PULL', '202 with Location; started names the flow and has the address', {
    kind: 'provider-pull',
    fixture: 'async',
    steps: callbackSteps('started', true),
  }),
  own('X_ASYNC:P_PUSH', '202 with Location; started names the flow and has no address', {
    kind: 'provider-push',
    fixture: 'async',
    steps: callbackSteps('started', false),
  }),
];
