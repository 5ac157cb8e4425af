import { Type, type Static, type TUnsafe } from 'typebox';
import { dialectSettings, type DialectSettings } from '../../dialects/settings.ts';
import { closed } from '../../schemas/kinds.ts';
import type { Schema } from '../../schemas/schema-problem.ts';
import { dnsLabel, httpUrl, names } from './kinds.ts';

const common = {
  name: dnsLabel('Part of its path and of the names of its secrets. No default.'),
  templates: names('Templates that it may request; `*` is all.', { default: ['*'] }),
  resultsUrl: Type.Optional(httpUrl('Base of the data addresses that it gets. Default: http.publicUrl.')),
};

/** The members that all connectors have; each dialect adds its own. */
export type ConnectorSettings = Static<ReturnType<typeof Type.Object<typeof common>>> & { dialect: string };

export const dialectNames: readonly string[] = dialectSettings.map(({ dialect }) => dialect);

function schemaOf({ dialect: name, properties }: DialectSettings) {
  const dialect = Type.Literal(name, {
    title: `one of ${dialectNames.join(', ')}`,
    default: dialectSettings[0].dialect,
    description: 'Its wire format.',
  });
  return closed({ dialect, ...common, ...properties });
}

/** A union of closed maps, one for each dialect; the member `dialect` selects the one that a connector is checked against. */
const AnyConnector: TUnsafe<ConnectorSettings> & Schema = Type.Unsafe<ConnectorSettings>({
  type: 'object',
  discriminator: { propertyName: 'dialect' },
  oneOf: dialectSettings.map(schemaOf),
});

export const ConnectorsSettings = Type.Array(AnyConnector, {
  title: 'a list of connectors',
  maxItems: 1000,
  default: [],
  description: 'The connectors that may send requests. In the environment: JSON.',
});

/** The settings of the connector's dialect. */
export function settingsOf({ dialect }: Pick<ConnectorSettings, 'dialect'>): DialectSettings {
  return dialectSettings.find((one) => one.dialect === dialect) ?? dialectSettings[0];
}
