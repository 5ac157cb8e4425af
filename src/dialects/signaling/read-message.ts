import type { Static } from 'typebox';
import { ServiceError } from '../../errors.ts';
import { bodyReader } from '../../schemas/read-body.ts';
import { readAddress, type ReceivedAddress } from './data-address.ts';
import { CreationBody, FlowMessageBody } from './schemas.ts';
import type { FlowKind } from './states.ts';

/** A `prepare` or `start`, whichever version of the specification its control plane speaks. */
export interface CreationMessage {
  kind: FlowKind;
  messageId: string;
  /** The control plane's id of the transfer; the flow has the same one, since EDC addresses it by no other. */
  processId: string;
  participantId: string;
  counterPartyId: string;
  dataspaceContext: string;
  agreementId: string;
  datasetId: string;
  profile: string;
  /** Only if no registration says where the control plane is called back. */
  callbackAddress?: string;
  claims: object;
  labels: readonly string[];
  metadata: object;
  address?: ReceivedAddress;
}

/** `started`, `suspend`, `resume` or `terminate`. */
export interface FlowMessage {
  messageId?: string;
  reason?: string;
  address?: ReceivedAddress;
}

const readCreationBody = bodyReader(CreationBody);
const readFlowBody = bodyReader(FlowMessageBody);

/** Throws `invalid-request`, naming each member that is at fault and what was expected of it. */
export function readCreation(message: 'prepare' | 'start', body: unknown): CreationMessage {
  const members = readCreationBody(withoutNulls(body));
  return {
    messageId: members.messageId,
    processId: members.processId,
    participantId: members.participantId,
    counterPartyId: members.counterPartyId,
    dataspaceContext: members.dataspaceContext,
    agreementId: members.agreementId,
    datasetId: members.datasetId,
    ...readProfile(message, members.profile ?? members.transferType),
    ...readOptional(members),
  };
}

function readProfile(message: 'prepare' | 'start', profile = ''): Pick<CreationMessage, 'profile' | 'kind'> {
  const direction = /-(pull|push)$/i.exec(profile)?.[1]?.toLowerCase() as 'pull' | 'push' | undefined;
  if (direction === undefined) throw withoutDirection();
  return { profile, kind: `${message === 'start' ? 'provider' : 'consumer'}-${direction}` };
}

function readOptional({
  callbackAddress,
  claims,
  labels,
  metadata,
  dataAddress,
}: Static<typeof CreationBody>): Pick<
  CreationMessage,
  'callbackAddress' | 'claims' | 'labels' | 'metadata' | 'address'
> {
  return {
    claims: claims ?? {},
    labels: labels ?? [],
    metadata: metadata ?? {},
    ...(callbackAddress === undefined ? {} : { callbackAddress }),
    ...(dataAddress === undefined ? {} : { address: readAddress(dataAddress) }),
  };
}

/** `body` is undefined if the request had none: `started` may come so. */
export function readFlowMessage(body: unknown): FlowMessage {
  const { messageId, reason, dataAddress } = readFlowBody(withoutNulls(body ?? {}));
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(reason === undefined ? {} : { reason }),
    ...(dataAddress === undefined ? {} : { address: readAddress(dataAddress) }),
  };
}

/** Some control planes write an absent member as null, in a data address too. */
function withoutNulls(body: unknown): unknown {
  if (!isMap(body)) return body;
  const { dataAddress, ...others } = withoutNullMembers(body);
  return dataAddress === undefined
    ? others
    : { ...others, dataAddress: isMap(dataAddress) ? withoutNullMembers(dataAddress) : dataAddress };
}

function withoutNullMembers(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutDirection(): ServiceError {
  return new ServiceError(
    'invalid-request',
    'profile: expected the name of a profile that ends in -pull or -push',
    {
      field: 'profile',
    },
  );
}
