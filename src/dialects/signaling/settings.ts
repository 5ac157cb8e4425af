import { Type, type Static } from 'typebox';
import { trimSlashes } from '../../addresses.ts';
import type { ConnectorConfig } from '../../config/config.ts';
import { choice, names } from '../../config/settings/kinds.ts';
import {
  callbackPrefix,
  managementClientSecret,
  managementOauth2,
  managementUrl,
  managementVersionText,
  urls,
} from '../edc/settings.ts';
import type { DialectSettings, KeySetting } from '../settings.ts';
import { authorizationSettings } from './authorization/settings.ts';
import { registrationSettings } from './registration/settings.ts';

/** EDC's names of the transfer types, and those of the HTTP profile. */
const defaultProfiles = [
  'HttpData-PULL',
  'HttpData-PUSH',
  'https://w3id.org/dspace-sig/profile/http-pull',
  'https://w3id.org/dspace-sig/profile/http-push',
];

const properties = {
  callbackPrefix,
  profiles: names('Transfer profiles that are served; each ends in -pull or -push.', {
    default: defaultProfiles,
  }),
  prepareLater: names(
    'Datasets of the consumer’s side whose `prepare` is answered with PREPARING, and called back. Default: all are prepared at once.',
  ),
  completeEmpty: names(
    'Datasets of the consumer’s side that end by themselves if the provider starts a pull without an address.',
  ),
  tokenRenewal: choice(
    'Whether a consumer’s pull may be given an address of the HTTP profile whose token cannot be renewed.',
    ['optional', 'required'],
    { default: 'optional' },
  ),
  managementUrl: Type.Optional(managementUrl),
  managementVersion: choice(managementVersionText, ['v3', 'v4'], { default: 'v3' }),
  managementOauth2,
  ...authorizationSettings,
  ...registrationSettings,
  onFailure: choice(
    'What follows the message `errored`: EDC ignores it, and `terminate` ends the transfer by the management API.',
    ['nothing', 'terminate'],
    { default: 'nothing' },
  ),
  didWeb: choice(
    'How documents of `did:web` are fetched for the renewal of access tokens; `http` is for tests.',
    ['https', 'http'],
    { default: 'https' },
  ),
};

const profileUrls = ['tokenEndpoint', 'tokenExchangeEndpoint', 'jwksUri'];

const ownUrls = [
  'controlPlane.endpoint',
  ...profileUrls.map((member) => `controlPlane.authorization.${member}`),
  'registration.url',
  'registration.tokenEndpoint',
  ...profileUrls.map((member) => `registration.authorization.${member}`),
];

const clientSecrets: KeySetting[] = [
  {
    member: 'controlPlaneClientSecret',
    variable: 'CONTROL_PLANE_CLIENT_SECRET',
    usedWith: 'controlPlane.authorization.clientId',
  },
  {
    member: 'dataPlaneClientSecret',
    variable: 'DATA_PLANE_CLIENT_SECRET',
    usedWith: 'registration.authorization.clientId',
  },
  {
    member: 'registrationClientSecret',
    variable: 'REGISTRATION_CLIENT_SECRET',
    usedWith: 'registration.clientId',
  },
];

type Members = Static<ReturnType<typeof Type.Object<typeof properties>>>;

/** A control plane that uses this service as its data plane. */
export type SignalingConnector = ConnectorConfig & Members;

export const signalingSettings: DialectSettings<Members> = {
  dialect: 'signaling',
  properties,
  urls: [...urls, ...ownUrls],
  keys: [{ member: 'managementKey', variable: 'MANAGEMENT_KEY' }, managementClientSecret, ...clientSecrets],
  complete({ managementUrl, ...connector }) {
    return {
      ...connector,
      callbackPrefix: trimSlashes(connector.callbackPrefix),
      ...(managementUrl === undefined ? {} : { managementUrl: trimSlashes(managementUrl) }),
    };
  },
  warn: (connector) => ({ ...warnOfManagement(connector), ...warnOfUnused(connector) }),
};

function warnOfManagement({ managementUrl, onFailure }: Members): Record<string, string> {
  if (managementUrl !== undefined) return {};
  return onFailure === 'terminate'
    ? { onFailure: 'is terminate without a managementUrl: the transfer of a failed job waits without end' }
    : { managementUrl: 'is not set: a transfer that ends without a message is not noticed' };
}

/** Settings that look like protection or credentials, and are neither. */
function warnOfUnused({ controlPlane, registration }: Members): Record<string, string> {
  const { endpoint, authorization } = controlPlane;
  const { tokenEndpoint, clientId } = registration;
  return {
    ...(endpoint === undefined && authorization.type !== 'none'
      ? { controlPlane: 'has an authorization without an endpoint: it is not used, and no token is expected' }
      : {}),
    ...((tokenEndpoint === undefined) !== (clientId === undefined)
      ? { registration: 'has one of tokenEndpoint and clientId: without both, the management key is sent' }
      : {}),
  };
}
