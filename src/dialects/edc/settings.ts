import { Type, type Static } from 'typebox';
import { httpUrl, text } from '../../config/settings/kinds.ts';
import type { KeySetting } from '../settings.ts';

/** Members of the settings of connectors that are EDC's, whatever their dialect. */
export const callbackPrefix = httpUrl(
  'A callbackAddress must start with this, in whole path segments. No default.',
);

export const managementUrl = httpUrl(
  'Base of its management API. Default: callbackPrefix without a final /callback; none for `data-plane` and `signaling`.',
);

const Oauth2Client = Type.Object(
  {
    tokenEndpoint: httpUrl('Where tokens are requested, by client credentials.'),
    clientId: text('The client; its secret is CONNECTOR_<NAME>_MANAGEMENT_CLIENT_SECRET.'),
    scope: Type.Optional(text('Requested scopes, with spaces between them.')),
  },
  {
    additionalProperties: false,
    title: 'a map of tokenEndpoint, clientId and, where the server needs it, scope',
    description: 'OAuth2 client for its management API, if that asks for access tokens.',
  },
);

export type ManagementOauth2 = Static<typeof Oauth2Client>;

export const managementOauth2 = Type.Optional(Oauth2Client);

export const urls = ['callbackPrefix', 'managementUrl', 'managementOauth2.tokenEndpoint'] as const;

export const managementClientSecret: KeySetting = {
  member: 'managementClientSecret',
  variable: 'MANAGEMENT_CLIENT_SECRET',
  usedWith: 'managementOauth2',
};

export const managementVersionText = 'Version of its management API; `none`: it has none that can be used.';
