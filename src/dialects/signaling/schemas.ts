import { Type } from 'typebox';
import { assetId, callbackAddress, connectorId } from '../request-members.ts';
import { states } from './states.ts';

/** The messages of Data Plane Signaling v1.0-RC3. Unknown members are ignored, and null is read as if the member were absent. */

const text = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  title: '1 to 2048 characters, no control characters',
});
const map = Type.Object({}, { title: 'a JSON object' });
const messageId = Type.String({ ...text, title: 'the id of this message, 1 to 2048 characters' });
const reason = Type.String({ title: 'a string' });

/** `@type`, which the dataspace protocol requires, is not: the conformance suite of the specification omits it. */
const DataAddressBody = Type.Object(
  {
    endpointType: text,
    endpoint: Type.Optional(text),
    endpointProperties: Type.Optional(
      Type.Array(
        Type.Object(
          { name: text, value: Type.String({ title: 'a string', maxLength: 65_536 }) },
          { title: 'a JSON object with name and value' },
        ),
        { title: 'a list of at most 100 objects with name and value', maxItems: 100 },
      ),
    ),
  },
  { title: 'a data address: a JSON object with endpointType' },
);

/** DataFlowPrepareMessage and DataFlowStartMessage. */
export const CreationBody = Type.Object(
  {
    messageId,
    participantId: text,
    counterPartyId: text,
    dataspaceContext: text,
    processId: connectorId,
    agreementId: text,
    datasetId: assetId,
    profile: Type.Optional(text),
    // Its name up to v1.0-RC2, which EDC 0.16 to 0.18 send.
    transferType: Type.Optional(text),
    // Up to v1.0-RC2; since then the registration of the control plane says it.
    callbackAddress: Type.Optional(callbackAddress),
    // Required by the specification; EDC 0.16 sends none.
    claims: Type.Optional(map),
    labels: Type.Optional(
      Type.Array(text, { title: 'a list of at most 100 strings without control characters', maxItems: 100 }),
    ),
    metadata: Type.Optional(map),
    dataAddress: Type.Optional(DataAddressBody),
  },
  { title: 'a JSON object', description: 'Sent by a control plane that prepares or starts a data flow.' },
);

/** The messages to a flow that exists. `messageId` is absent in v1.0-RC1; EDC 0.18 adds a `processId` that means nothing. */
export const FlowMessageBody = Type.Object(
  {
    messageId: Type.Optional(messageId),
    reason: Type.Optional(reason),
    dataAddress: Type.Optional(DataAddressBody),
  },
  { title: 'a JSON object', description: 'Sent by a control plane to a data flow.' },
);

const wireState = Type.Enum(['INITIALIZED', ...states.filter((state) => state !== 'none')]);

/** An answer to `prepare`, `start` and `resume`, and the body of every callback. */
export const DataFlowStatusMessage = Type.Object({
  messageId: Type.String(),
  dataFlowId: Type.String(),
  state: wireState,
  dataAddress: Type.Optional(
    Type.Object({
      '@type': Type.Literal('DataAddress'),
      endpointType: Type.String(),
      endpoint: Type.Optional(Type.String()),
      endpointProperties: Type.Optional(
        Type.Array(
          Type.Object({
            '@type': Type.Literal('EndpointProperty'),
            name: Type.String(),
            value: Type.String(),
          }),
          { minItems: 1 },
        ),
      ),
    }),
  ),
  error: Type.Optional(Type.String()),
});

export const DataFlowStatusResponseMessage = Type.Object(
  { dataFlowId: Type.String(), state: wireState },
  { additionalProperties: false },
);

export type DataAddressBody = Type.Static<typeof DataAddressBody>;
export type DataFlowStatusMessage = Type.Static<typeof DataFlowStatusMessage>;
export type DataFlowStatusResponseMessage = Type.Static<typeof DataFlowStatusResponseMessage>;
