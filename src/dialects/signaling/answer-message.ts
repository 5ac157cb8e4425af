import { addAnswered, type ProtocolState } from '../../flow/protocol-state.ts';
import type { Sink } from '../../flow/push.ts';
import type { FoundFlow, ProtocolChange } from '../../requests/flow-service.ts';
import { buildStatusResponse } from './build-answers.ts';
import { checkRenewable } from './data-address.ts';
import { accessAfter, readProtocol, type FlowProtocol } from './flow-protocol.ts';
import type { FlowMessage } from './read-message.ts';
import {
  checkOwner,
  findAnswered,
  flowOf,
  legal,
  reply,
  sinkOf,
  stateOf,
  unknownFlow,
  type AnswerDeps,
  type LegalStep,
  type Received,
  type Reply,
} from './reply.ts';
import { decideMessage } from './state-machine.ts';
import type { Message } from './states.ts';

export interface ReceivedMessage extends Received {
  message: Exclude<Message, 'prepare' | 'start' | 'status'>;
  content: FlowMessage;
}

/** Answers a message to a flow that exists. The change of the state is on the Job before the answer. */
export async function answerMessage(
  deps: AnswerDeps,
  received: ReceivedMessage,
  signal: AbortSignal,
): Promise<Reply> {
  const { connector, message, content, processId } = received;
  const { messageId = '' } = content;
  let decided: { step: LegalStep; state: FlowProtocol['state'] } | undefined;
  function decide(found: FoundFlow): ProtocolChange | undefined {
    checkOwner(found.request, received);
    const flow = readProtocol(found.protocol);
    const answered = findAnswered(flow, { message, messageId });
    const hasAddress = content.address !== undefined;
    const step = legal(decideMessage(flow, { message, hasAddress, answered: answered?.state }));
    decided = { step, state: answered?.state ?? stateOf(step) };
    return step.verdict === 'repeat' ? undefined : changeTo(found, { step, received });
  }
  const found = await deps.flows.advance(flowOf(received), decide, signal);
  if (found === undefined || decided === undefined) throw unknownFlow(message);
  const { request } = found;
  const parts = {
    found,
    request,
    connector,
    processId,
    message,
    messageId,
    protocol: readProtocol(found.protocol),
  };
  return await reply(deps, { ...parts, ...decided }, signal);
}

/** Messages that a control plane sends only once it has taken `prepared` or `started` of this side. */
const acknowledging: readonly Message[] = ['started', 'suspend', 'resume', 'completed'];

function changeTo(
  found: FoundFlow,
  { step, received }: { step: LegalStep; received: ReceivedMessage },
): ProtocolChange {
  const { message, content } = received;
  const { messageId = '' } = content;
  const flow = readProtocol(found.protocol);
  const state = stateOf(step);
  const sink = sinkOfMessage(flow.kind, received);
  const protocol = {
    ...flow,
    state,
    access: accessAfter(step.acts) ?? flow.access,
    ...(acknowledging.includes(message) ? { acknowledged: true as const } : {}),
    ...receiverMembers(found, received),
    answered:
      messageId === '' ? flow.answered : addAnswered(flow.answered, { id: messageId, message, state }),
  };
  const deprovision = step.acts.includes('cancel') ? { deprovision: true as const } : {};
  return { protocol, ...deprovision, ...(sink === undefined ? {} : { sink }) };
}

function sinkOfMessage(
  kind: FlowProtocol['kind'],
  { content: { address }, connector }: ReceivedMessage,
): Sink | undefined {
  if (kind === 'consumer-pull' && connector.tokenRenewal === 'required') checkRenewable(address);
  return sinkOf(kind, address);
}

/** How the data of a flow that receives goes on. */
function receiverMembers(
  found: FoundFlow,
  { message, content, connector }: ReceivedMessage,
): Pick<ProtocolState, 'fetches' | 'collects' | 'complete' | 'announced'> {
  const { kind } = readProtocol(found.protocol);
  // The control plane says the end of a push itself: no message says it again.
  if (kind === 'consumer-push') return message === 'completed' ? { collects: true, announced: true } : {};
  if (kind !== 'consumer-pull') return {};
  if (content.address !== undefined) return { fetches: true };
  // There is no address to fetch from, and the settings say that nothing else follows.
  const isComplete = message === 'started' && connector.completeEmpty.includes(found.request.assetId);
  return isComplete ? { complete: true } : {};
}

export async function answerStatus(
  deps: AnswerDeps,
  received: Received,
  signal: AbortSignal,
): Promise<Reply> {
  const flow = flowOf(received);
  const found = await deps.flows.find(flow, signal);
  if (found === undefined) throw unknownFlow('status');
  checkOwner(found.request, { ...received, message: 'status' });
  const { state } = readProtocol(found.protocol);
  const { processId } = received;
  return { status: 200, body: buildStatusResponse(processId, state), flow, processId, decision: 'legal' };
}
