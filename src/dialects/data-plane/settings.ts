import { Type, type Static } from 'typebox';
import { trimSlashes } from '../../addresses.ts';
import type { ConnectorConfig } from '../../config/config.ts';
import { choice } from '../../config/settings/kinds.ts';
import {
  callbackPrefix,
  managementClientSecret,
  managementOauth2,
  managementUrl,
  managementVersionText,
  urls,
} from '../edc/settings.ts';
import type { DialectSettings } from '../settings.ts';

const properties = {
  callbackPrefix,
  managementUrl: Type.Optional(managementUrl),
  managementVersion: choice(managementVersionText, ['v3', 'v4'], { default: 'v3' }),
  managementOauth2,
  vault: choice(
    'How keys for S3 get into its vault: `secrets-api` uses the management API, if the connector has that module.',
    ['none', 'secrets-api'],
    { default: 'none' },
  ),
};

type Members = Static<ReturnType<typeof Type.Object<typeof properties>>>;

/** A connector whose data plane sends provision requests. */
export type DataPlaneConnector = ConnectorConfig & Members;

/** Whether keys for S3 can be put into its vault. */
export function usesVault(
  connector: DataPlaneConnector,
): connector is DataPlaneConnector & { managementUrl: string } {
  return connector.vault === 'secrets-api' && connector.managementUrl !== undefined;
}

export const dataPlaneSettings: DialectSettings<Members> = {
  dialect: 'data-plane',
  properties,
  urls,
  keys: [
    { member: 'key', variable: 'KEY' },
    { member: 'managementKey', variable: 'MANAGEMENT_KEY' },
    managementClientSecret,
  ],
  complete({ managementUrl, ...connector }) {
    return {
      ...connector,
      callbackPrefix: trimSlashes(connector.callbackPrefix),
      ...(managementUrl === undefined ? {} : { managementUrl: trimSlashes(managementUrl) }),
    };
  },
  warn({ managementUrl, vault }) {
    if (managementUrl !== undefined) return {};
    return {
      ...(vault === 'none' ? {} : { vault: `is ${vault} without a managementUrl: it is not used` }),
      managementUrl:
        'is not set: a callback whose answer was lost is not repeated, and a transfer that ends is not noticed',
    };
  },
};
