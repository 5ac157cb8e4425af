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
};

type Members = Static<ReturnType<typeof Type.Object<typeof properties>>>;

/** A connector whose data plane sends provision requests. */
export type DataPlaneConnector = ConnectorConfig & Members;

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
  warn({ managementUrl }) {
    if (managementUrl !== undefined) return {};
    return {
      managementUrl:
        'is not set: a callback whose answer was lost is not repeated, and a transfer that ends is not noticed',
    };
  },
};
