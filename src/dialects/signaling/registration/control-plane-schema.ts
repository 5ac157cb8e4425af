import { Type } from 'typebox';
import { ServiceError } from '../../../errors.ts';
import { isBelowPrefix, showAddress } from '../../callback-address.ts';
import { bodyReader } from '../../../schemas/read-body.ts';
import { callbackAddress } from '../../request-members.ts';
import type { ControlPlane } from '../authorization/control-plane.ts';
import { AuthorizationBody, checkKeys } from '../authorization/schemas.ts';

/** ControlPlaneRegistrationMessage. Unknown members are ignored, and null is read as if the member were absent. */
export const ControlPlaneBody = Type.Object(
  {
    controlplaneId: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      title: '1 to 256 characters, no control characters',
    }),
    endpoint: callbackAddress,
    authorization: Type.Optional(AuthorizationBody),
  },
  {
    title: 'a JSON object',
    description: 'Sent to register a control plane, or to replace its registration.',
  },
);

const readBody = bodyReader(ControlPlaneBody);

/** Throws `invalid-request` that names each wrong member and the expectation. */
export function readRegistration(body: object): ControlPlane {
  const { controlplaneId: id, endpoint, authorization } = readBody(withoutNulls(body));
  return { id, endpoint, ...(authorization === undefined ? {} : { authorization }) };
}

/** Readable by `readRegistration`. */
export function buildControlPlaneBody({ id, ...others }: ControlPlane): object {
  return { controlplaneId: id, ...others };
}

export interface RegistrationRules {
  /** `refuse`: its tokens must be verified by keys. */
  keyless: 'refuse' | 'accept';
  /** Endpoints must be below it, if the connector has one. */
  callbackPrefix?: string | undefined;
}

/** Throws `invalid-request` if the connector may not register this control plane. */
export function checkRegistration(
  { endpoint, authorization }: ControlPlane,
  { keyless, callbackPrefix }: RegistrationRules,
): void {
  if (callbackPrefix !== undefined && !isBelowPrefix(endpoint, callbackPrefix))
    throw new ServiceError(
      'invalid-request',
      `endpoint: expected an address below ${callbackPrefix}, in plain spelling, received ${showAddress(endpoint)}`,
      { field: 'endpoint' },
    );
  if (authorization !== undefined) checkKeys(authorization, keyless);
  else if (keyless === 'refuse')
    throw new ServiceError('invalid-request', 'authorization: expected one with keys', {
      field: 'authorization',
    });
}

function withoutNulls(body: object): object {
  const members = withoutNullMembers(body);
  const { authorization } = members;
  return typeof authorization === 'object' && authorization !== null && !Array.isArray(authorization)
    ? { ...members, authorization: withoutNullMembers(authorization) }
    : members;
}

function withoutNullMembers(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
