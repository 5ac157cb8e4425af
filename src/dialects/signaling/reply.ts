import { ServiceError } from '../../errors.ts';
import { flowName } from '../../flow/names.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import type { ProtocolState } from '../../flow/protocol-state.ts';
import type { Sink } from '../../flow/push.ts';
import type { FoundFlow } from '../../requests/flow-service.ts';
import type { RouteDeps } from '../dialect.ts';
import { buildStatusMessage } from './build-answers.ts';
import { ownAddress, ownInbox, readHttpEndpoint, type ReceivedAddress } from './data-address.ts';
import type { FlowProtocol } from './flow-protocol.ts';
import { messageIdFor } from './message-id.ts';
import type { SignalingConnector } from './settings.ts';
import { decideMessage } from './state-machine.ts';
import type { Answer, Message, MessageStep } from './states.ts';

export type AnswerDeps = Pick<
  RouteDeps<SignalingConnector>,
  'flows' | 'templates' | 'envFiles' | 'addressOf' | 'earlyAddressOf' | 'inboxOf' | 'now'
>;

export interface Reply {
  status: Answer['status'];
  body?: object;
  flow: string;
  processId: string;
  decision: MessageStep['verdict'];
}

export interface Received {
  connector: SignalingConnector;
  /** The `controlplaneId` of the sender, if a token of it was verified. */
  caller?: string | undefined;
  processId: string;
}

/** A flow belongs to the control plane that has created it: for another one there is none. One without an owner belongs to all. */
export function checkOwner(
  { requester }: FlowRequest,
  { caller, message }: { caller?: string | undefined; message: Message },
): void {
  if (caller !== undefined && requester !== undefined && caller !== requester) throw unknownFlow(message);
}

export function flowOf({ connector, processId }: Pick<Received, 'connector' | 'processId'>): string {
  return flowName({ dialect: connector.dialect, connector: connector.name, ids: { processId } });
}

export type LegalStep = Exclude<MessageStep, { verdict: 'illegal' }>;

/** Throws the refusal of an illegal step. */
export function legal(step: MessageStep): LegalStep {
  if (step.verdict === 'illegal') throw refusal(step);
  return step;
}

export function stateOf({ next }: LegalStep): FlowProtocol['state'] {
  if (next === 'none') throw new TypeError('no message leads to the state of an id without a flow');
  return next;
}

export function findAnswered(
  { answered }: FlowProtocol,
  { message, messageId }: { message: Message; messageId: string },
): { state: FlowProtocol['state'] } | undefined {
  return answered.find((one) => one.id === messageId && one.message === message) as
    { state: FlowProtocol['state'] } | undefined;
}

/** The other side's address: where a consumer receives what is pushed to it, or where a provider gives what is fetched. */
export function sinkOf(kind: FlowProtocol['kind'], address: ReceivedAddress | undefined): Sink | undefined {
  const moves = kind === 'provider-push' || kind === 'consumer-pull';
  return moves && address !== undefined ? readHttpEndpoint(address) : undefined;
}

export interface Replied extends Received {
  message: Message;
  messageId: string;
  protocol: ProtocolState;
  request: FlowRequest;
  /** Undefined for a flow that was created just now. */
  found?: FoundFlow;
  /** The state that the answer names; that of the first answer if this is a repeat. */
  state: FlowProtocol['state'];
  step: LegalStep;
}

export async function reply(deps: AnswerDeps, replied: Replied, signal: AbortSignal): Promise<Reply> {
  const { processId, message, messageId, state, step } = replied;
  const { answer } = step;
  const flow = flowOf(replied);
  const common = { status: answer.status, flow, processId, decision: step.verdict };
  if (answer.body !== 'message') return common;
  const address = answer.address ? { address: await addressOf(deps, replied, signal) } : {};
  const id = messageIdFor(flow, message, messageId);
  return { ...common, body: buildStatusMessage({ messageId: id, flow: processId, state, ...address }) };
}

/** A flow that was started at once keeps the address of its first answer. */
async function addressOf(
  deps: AnswerDeps,
  replied: Replied,
  signal: AbortSignal,
): Promise<ReturnType<typeof ownAddress>> {
  const { protocol, request, found } = replied;
  const name = flowOf(replied);
  const { kind, profile } = protocol;
  if (kind === 'consumer-push') return ownInbox(profile, deps.inboxOf({ name, request }));
  const address =
    protocol.announced === true || found === undefined
      ? deps.earlyAddressOf({ name, request })
      : await deps.addressOf({ name, found }, signal);
  return ownAddress({ profile, consumer: request.consumer }, address);
}

export function unknownFlow(message: Message): ServiceError {
  const step = decideMessage({ kind: 'provider-pull', state: 'none' }, { message });
  return step.verdict === 'illegal'
    ? refusal(step)
    : new ServiceError('not-found', 'there is no such data flow');
}

const codes = { 400: 'invalid-request', 404: 'not-found', 409: 'conflict' } as const;

/** The counterparty reads the reason. */
function refusal({ status, reason }: Extract<MessageStep, { verdict: 'illegal' }>): ServiceError {
  const [field] = reason.split(':');
  return new ServiceError(codes[status], reason, { field });
}
