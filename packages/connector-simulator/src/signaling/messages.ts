import { randomUUID } from 'node:crypto';
import { buildDataAddress } from './endpoint-address.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { SignalingMessage, SignalingTransfer } from './signaling-transfer.ts';

/** The body as the connector's Jackson writes it, with a new message id: members and their order included. */
export function buildMessage(
  context: SignalingContext,
  transfer: SignalingTransfer,
  message: SignalingMessage,
): string {
  return JSON.stringify(members(context, transfer, message));
}

function members(context: SignalingContext, transfer: SignalingTransfer, message: SignalingMessage): object {
  const messageId = randomUUID();
  switch (message) {
    case 'prepare':
      return creation(context, transfer, {});
    case 'start':
      return creation(context, transfer, { ...addressOf(transfer), ...swapped(context) });
    case 'started':
      // A consumer's own sink comes back to it.
      return { ...addressOf(transfer), messageId };
    case 'suspend':
      return { messageId, reason: 'suspend' };
    case 'resume':
      // The id belongs to no transfer.
      return { messageId, ...(transfer.ownsAddress ? addressOf(transfer) : {}), processId: randomUUID() };
    case 'terminate':
      return { messageId };
    case 'completed':
      return {};
    default:
      return message satisfies never;
  }
}

function creation(
  { profile, settings, controls }: SignalingContext,
  transfer: SignalingTransfer,
  own: { dataAddress?: object; participantId?: string; counterPartyId?: string },
): object {
  const { participantId = settings.participantId, counterPartyId = settings.counterPartyId } = own;
  const { dataAddress } = own;
  return {
    messageId: randomUUID(),
    participantId,
    counterPartyId,
    dataspaceContext: 'dataspace-protocol-http:2025-1',
    processId: transfer.id,
    agreementId: transfer.agreementId,
    datasetId: transfer.assetId,
    callbackAddress: profile.sendsCallbackAddress ? controls.callbackAddress : null,
    [profile.transferTypeMember]: transfer.transferType,
    ...(dataAddress === undefined ? {} : { dataAddress }),
    labels: transfer.labels,
    metadata: transfer.metadata,
    ...(profile.sendsClaims ? { claims: transfer.claims } : {}),
  };
}

function swapped({ profile, settings }: SignalingContext): {
  participantId?: string;
  counterPartyId?: string;
} {
  if (!profile.swapsParticipants) return {};
  return { participantId: settings.counterPartyId, counterPartyId: settings.participantId };
}

/** An absent address is an absent member, not a null. */
function addressOf({ address }: SignalingTransfer): { dataAddress?: object } {
  return address === undefined ? {} : { dataAddress: buildDataAddress(address) };
}
