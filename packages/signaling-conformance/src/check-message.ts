import { isObject } from './failure.ts';
import { states } from './protocol.ts';

/**
 * The first fault of a DataFlowStatusMessage (v1.0-RC3) with its DataAddress (schema of the dataspace protocol 2025-1), or undefined.
 * Unknown members are allowed; null is not, in any member.
 */
export function findFault(message: unknown): string | undefined {
  if (!isObject(message)) return 'expected a JSON object';
  return (
    textFault(message, 'messageId') ??
    textFault(message, 'dataFlowId') ??
    stateFault(message['state']) ??
    optional(message, 'error', (error) =>
      typeof error === 'string' ? undefined : 'error: expected a string or no member',
    ) ??
    optional(message, 'dataAddress', addressFault)
  );
}

/** The first fault of a DataFlowStatusResponseMessage. It has these two members and no other. */
export function findStatusFault(message: unknown): string | undefined {
  if (!isObject(message)) return 'expected a JSON object';
  const names = Object.keys(message).sort().join(', ');
  return names === 'dataFlowId, state'
    ? (textFault(message, 'dataFlowId') ?? stateFault(message['state']))
    : `expected exactly dataFlowId and state, received ${names === '' ? 'none' : names}`;
}

function stateFault(state: unknown): string | undefined {
  return states.some((name) => name === state) ? undefined : `state: expected one of ${states.join(', ')}`;
}

function addressFault(address: unknown): string | undefined {
  if (!isObject(address)) return 'dataAddress: expected a JSON object or no member';
  if (address['@type'] !== 'DataAddress') return 'dataAddress.@type: expected "DataAddress"';
  const fault =
    textFault(address, 'endpointType') ??
    optional(address, 'endpoint', () => textFault(address, 'endpoint')) ??
    optional(address, 'endpointProperties', propertiesFault);
  return fault === undefined ? undefined : `dataAddress.${fault}`;
}

function propertiesFault(properties: unknown): string | undefined {
  if (!Array.isArray(properties) || properties.length === 0)
    return 'endpointProperties: expected a list with at least one property, or no member';
  const faults = properties.map((property: unknown, index) => {
    const fault = propertyFault(property);
    return fault === undefined ? undefined : `endpointProperties.${index}${fault}`;
  });
  return faults.find((fault) => fault !== undefined);
}

function propertyFault(property: unknown): string | undefined {
  if (!isObject(property)) return ': expected a JSON object';
  if (property['@type'] !== 'EndpointProperty') return '.@type: expected "EndpointProperty"';
  const fault = textFault(property, 'name') ?? textFault(property, 'value');
  return fault === undefined ? undefined : `.${fault}`;
}

function textFault(message: Record<string, unknown>, member: string): string | undefined {
  return typeof message[member] === 'string' ? undefined : `${member}: expected a string`;
}

function optional(
  message: Record<string, unknown>,
  member: string,
  faultOf: (value: unknown) => string | undefined,
): string | undefined {
  return Object.hasOwn(message, member) ? faultOf(message[member]) : undefined;
}
