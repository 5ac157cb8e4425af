import { addAnswered } from '../../flow/protocol-state.ts';
import type { FoundFlow, ProtocolChange } from '../../requests/flow-service.ts';
import { buildStatusResponse } from './build-answers.ts';
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
  const sink = sinkOf(flow.kind, content.address);
  const protocol = {
    ...flow,
    state,
    access: accessAfter(step.acts) ?? flow.access,
    ...(acknowledging.includes(message) ? { acknowledged: true as const } : {}),
    ...(sink !== undefined && flow.kind === 'consumer-pull' ? { fetches: true as const } : {}),
    ...(isComplete(found, received) ? { complete: true as const } : {}),
    answered:
      messageId === '' ? flow.answered : addAnswered(flow.answered, { id: messageId, message, state }),
  };
  const deprovision = step.acts.includes('cancel') ? { deprovision: true as const } : {};
  return { protocol, ...deprovision, ...(sink === undefined ? {} : { sink }) };
}

/** There is no address to fetch from, and the settings say that nothing else follows. */
function isComplete({ request }: FoundFlow, { message, content, connector }: ReceivedMessage): boolean {
  if (message !== 'started' || content.address !== undefined) return false;
  return connector.completeEmpty.includes(request.assetId);
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
