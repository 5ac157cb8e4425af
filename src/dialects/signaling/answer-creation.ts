import { ServiceError } from '../../errors.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import type { ProtocolState } from '../../flow/protocol-state.ts';
import { receiverTemplate } from '../../flow/flow-plan.ts';
import type { FoundFlow, WantedFlow, WantedReceiver } from '../../requests/flow-service.ts';
import { acceptOrFind } from '../accept-or-find.ts';
import { checkCallbackAddress } from '../callback-address.ts';
import { renderRequest } from '../render-request.ts';
import { carriesS3 } from './data-address.ts';
import { readProtocol } from './flow-protocol.ts';
import type { CreationMessage } from './read-message.ts';
import {
  checkOwner,
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
  caller?: string | undefined;
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
  checkOwner(found.request, received);
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

/** `at-once`: the answer says that the flow can receive, or that it has started: its Job runs while it is started. */
function decideCreation(
  { message, creation: { kind, address } }: ReceivedCreation,
  ready: Template['start'] = 'when-ready',
): LegalStep {
  const input = { message, hasAddress: address !== undefined };
  return legal(
    ready === 'at-once' ? decideAtOnce(kind, input) : decideMessage({ kind, state: 'none' }, input),
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
  checkProfile(connector, creation);
  decideCreation(received);
  checkCallbackAddress(callbackAddressOf(received), connector);
  const { step, ...wanted } =
    message === 'start' ? await wantJob(deps, received, signal) : wantReceiver(deps, received);
  const acceptance = await deps.flows.accept(wanted, signal);
  const { request, protocol } = wanted;
  if (acceptance.created) return { created: { step, state: stateOf(step), protocol, request } };
  if (acceptance.found !== undefined) return acceptance.found;
  throw new ServiceError('conflict', 'processId: expected a new id, this one has a Job of something else', {
    field: 'processId',
  });
}

interface Wanted {
  step: LegalStep;
  protocol: ProtocolState;
}

/** The provider's side: a template makes the data. */
async function wantJob(
  deps: AnswerDeps,
  received: ReceivedCreation,
  signal: AbortSignal,
): Promise<WantedFlow & Wanted> {
  const { connector, creation } = received;
  const { kind, datasetId: assetId, metadata, claims } = creation;
  const sink = sinkOf(kind, creation.address);
  const contract = { metadata, claims };
  const { counterPartyId: consumer } = creation;
  const rendered = await renderRequest(deps, { connector, assetId, consumer, contract }, signal);
  const { start, name: template, address } = rendered.template;
  if (address === 's3' && kind === 'provider-pull') checkCarriesS3(creation, template);
  const step = decideCreation(received, start);
  const protocol = {
    ...protocolOf(received, step),
    ...(sink === undefined ? {} : { pushes: true as const }),
    ...(start === 'at-once' ? { announced: true as const } : {}),
  };
  const request = requestOf(deps, received, template);
  return { step, request, rendered, protocol, ...(sink === undefined ? {} : { sink }) };
}

/** The consumer's side: the data comes from the provider, whatever the dataset is. */
function wantReceiver(deps: AnswerDeps, received: ReceivedCreation): WantedReceiver & Wanted {
  const later = received.connector.prepareLater.includes(received.creation.datasetId);
  const step = decideCreation(received, later ? 'when-ready' : 'at-once');
  const protocol = { ...protocolOf(received, step), ...(later ? { prepares: true as const } : {}) };
  return { step, request: requestOf(deps, received, receiverTemplate), protocol };
}

function protocolOf({ message, creation }: ReceivedCreation, step: LegalStep): ProtocolState {
  const { kind, profile, messageId } = creation;
  const state = stateOf(step);
  return { kind, profile, state, access: 'open', answered: [{ id: messageId, message, state }] };
}

function callbackAddressOf({ creation, connector }: ReceivedCreation): string {
  return creation.callbackAddress ?? connector.callbackPrefix;
}

function requestOf({ now }: AnswerDeps, received: ReceivedCreation, template: string): FlowRequest {
  const { connector, caller, message, creation } = received;
  const { processId, datasetId, participantId, counterPartyId } = creation;
  const [provider, consumer] =
    message === 'start' ? [participantId, counterPartyId] : [counterPartyId, participantId];
  return {
    ...{ dialect: connector.dialect, connector: connector.name },
    ids: { processId },
    assetId: datasetId,
    ...{ consumer, provider },
    template,
    callbackAddress: callbackAddressOf(received),
    ...(caller === undefined ? {} : { requester: caller }),
    acceptedAt: now().toISOString(),
  };
}

/** The consumer would not expect it with a profile of HTTP. */
function checkCarriesS3({ profile }: CreationMessage, template: string): void {
  if (carriesS3(profile)) return;
  const reason = `profile: expected one for addresses of S3, such as AmazonS3-PULL, since the template ${template} hands out no other`;
  throw new ServiceError('invalid-request', reason, { field: 'profile' });
}

function checkProfile({ profiles }: SignalingConnector, { profile }: CreationMessage): void {
  if (profiles.includes(profile)) return;
  throw new ServiceError('invalid-request', `profile: expected one of ${profiles.join(', ')}`, {
    field: 'profile',
  });
}
