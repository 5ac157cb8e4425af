import { ServiceError } from '../../errors.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import type { ProtocolState } from '../../flow/protocol-state.ts';
import type { FoundFlow } from '../../requests/flow-service.ts';
import { acceptOrFind } from '../accept-or-find.ts';
import { checkCallbackAddress } from '../callback-address.ts';
import { renderRequest } from '../render-request.ts';
import { readProtocol } from './flow-protocol.ts';
import type { CreationMessage } from './read-message.ts';
import {
  findAnswered,
  flowOf,
  legal,
  reply,
  sinkOf,
  stateOf,
  type AnswerDeps,
  type LegalStep,
  type Replied,
  type Reply,
} from './reply.ts';
import type { SignalingConnector } from './settings.ts';
import type { Template } from '../../template/template.ts';
import { decideAtOnce, decideMessage } from './state-machine.ts';

export interface ReceivedCreation {
  connector: SignalingConnector;
  message: 'prepare' | 'start';
  creation: CreationMessage;
}

/**
 * Answers `prepare` and `start`. The same message gets the same answer again and makes no second Job; another one for the same process is
 * refused (§Data Flow API).
 */
export async function answerCreation(
  deps: AnswerDeps,
  received: ReceivedCreation,
  signal: AbortSignal,
): Promise<Reply> {
  const { connector, creation } = received;
  const { processId } = creation;
  const id = flowOf({ connector, processId });
  const found = await acceptOrFind(deps, { id, accept: () => accept(deps, received, signal) }, signal);
  if ('created' in found) return await reply(deps, { ...repliedTo(received), ...found.created }, signal);
  return await answerKnown(deps, { ...received, found }, signal);
}

/** A message for a process that has a flow: its repeat, or another one, which is refused. */
async function answerKnown(
  deps: AnswerDeps,
  received: ReceivedCreation & { found: FoundFlow },
  signal: AbortSignal,
): Promise<Reply> {
  const { connector, message, creation, found } = received;
  const { processId, messageId } = creation;
  const flow = readProtocol(found.protocol);
  const answered = findAnswered(flow, { message, messageId });
  const hasAddress = creation.address !== undefined;
  const step = legal(decideMessage(flow, { message, hasAddress, answered: answered?.state }));
  await deps.flows.recordRepeat(flowOf({ connector, processId }), signal, found);
  return await reply(
    deps,
    {
      ...repliedTo(received),
      found,
      request: found.request,
      protocol: flow,
      state: answered?.state ?? stateOf(step),
      step,
    },
    signal,
  );
}

/** `at-once`: the flow starts with its request, and its Job runs while it is started. */
function decideCreation(
  { message, creation: { kind, address } }: ReceivedCreation,
  start: Template['start'] = 'when-ready',
): LegalStep {
  const input = { message, hasAddress: address !== undefined };
  return legal(
    start === 'at-once' ? decideAtOnce(kind, input) : decideMessage({ kind, state: 'none' }, input),
  );
}

function repliedTo({ connector, message, creation }: ReceivedCreation) {
  const { processId, messageId } = creation;
  return { connector, message, processId, messageId };
}

interface Created {
  created: Pick<Replied, 'step' | 'state' | 'protocol' | 'request'>;
}

/** Checks everything that can be checked before the answer, since only the refusal of this message fails the transfer. */
async function accept(
  deps: AnswerDeps,
  received: ReceivedCreation,
  signal: AbortSignal,
): Promise<FoundFlow | Created> {
  const { connector, message, creation } = received;
  const { kind, profile, messageId } = creation;
  checkProfile(connector, profile);
  decideCreation(received);
  const callbackAddress = creation.callbackAddress ?? connector.callbackPrefix;
  checkCallbackAddress(callbackAddress, connector);
  const sink = sinkOf(kind, creation.address);
  const { datasetId: assetId, metadata, claims } = creation;
  const rendered = renderRequest(deps.templates, { connector, assetId, contract: { metadata, claims } });
  const { start, name: template } = rendered.template;
  const step = decideCreation(received, start);
  const state = stateOf(step);
  const protocol: ProtocolState = {
    ...{ kind, profile, state, access: 'open' as const },
    ...(sink === undefined ? {} : { pushes: true as const }),
    ...(start === 'at-once' ? { announced: true as const } : {}),
    answered: [{ id: messageId, message, state }],
  };
  const request = { ...requestOf(received), template, callbackAddress, acceptedAt: deps.now().toISOString() };
  const wanted = { request, rendered, protocol, ...(sink === undefined ? {} : { sink }) };
  const acceptance = await deps.flows.accept(wanted, signal);
  if (acceptance.created) return { created: { step, state, protocol, request } };
  if (acceptance.found !== undefined) return acceptance.found;
  throw new ServiceError('conflict', 'processId: expected a new id, this one has a Job of something else', {
    field: 'processId',
  });
}

function requestOf({
  connector: { dialect, name: connector },
  creation: { processId, datasetId, counterPartyId },
}: ReceivedCreation): Pick<FlowRequest, 'dialect' | 'connector' | 'ids' | 'assetId' | 'consumer'> {
  return { dialect, connector, ids: { processId }, assetId: datasetId, consumer: counterPartyId };
}

function checkProfile({ profiles }: SignalingConnector, profile: string): void {
  if (profiles.includes(profile)) return;
  throw new ServiceError('invalid-request', `profile: expected one of ${profiles.join(', ')}`, {
    field: 'profile',
  });
}
