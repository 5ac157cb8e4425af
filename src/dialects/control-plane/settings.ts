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
  addressNames: choice(
    'Names of address properties: `plain` for EDC milestones 6 to 8.',
    ['prefixed', 'plain'],
    { default: 'prefixed' },
  ),
  managementUrl: Type.Optional(managementUrl),
  managementVersion: choice(managementVersionText, ['v2', 'v3', 'v4', 'none'], { default: 'v3' }),
  managementOauth2,
};

type Members = Static<ReturnType<typeof Type.Object<typeof properties>>>;

/** A connector whose control plane sends provision requests. */
export type ControlPlaneConnector = ConnectorConfig & Members & Required<Pick<Members, 'managementUrl'>>;

export const controlPlaneSettings: DialectSettings<Members> = {
  dialect: 'control-plane',
  properties,
  urls,
  keys: [
    { member: 'key', variable: 'KEY', unset: 'callbacks to it carry no key', replacedBy: 'managementOauth2' },
    managementClientSecret,
  ],
  complete(connector) {
    const callbackPrefix = trimSlashes(connector.callbackPrefix);
    // The connector appends `/callback` to the base of its management API.
    const managementUrl = connector.managementUrl ?? callbackPrefix.replace(/\/callback$/, '');
    return { ...connector, callbackPrefix, managementUrl: trimSlashes(managementUrl) };
  },
  warn({ managementVersion }) {
    if (managementVersion !== 'none') return {};
    return {
      managementVersion: 'is none: no failure can be delivered to it, and its consumers wait without end',
    };
  },
};
