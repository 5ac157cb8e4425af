import type { Config } from '../../config/config.ts';
import { publicSettings, PublicSettingsSchema, type PublicSettings } from '../../config/public-settings.ts';
import { callerOf, seesConnector, type Caller } from '../access/caller.ts';
import type { Route } from '../route.ts';
import { aboutMembers, serviceMembers, serviceOperation } from './service.ts';

export interface SettingsRouteDeps {
  config: Config;
  version: string;
}

const members = {
  ...aboutMembers,
  node: { type: 'string', description: 'Version of Node.js.' },
  settings: PublicSettingsSchema,
};

const operation = serviceOperation('settings', 'About this service, with its settings', {
  description:
    'The settings that are in force, without secrets. A key sees the connectors that it lists and its own entries of `api.keys`; with the scope `admin` it sees all.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(members),
    properties: members,
  },
});

/** What runs here, for operators: the settings are not for everybody, although they have no secrets. */
export function settingsRoute({ config, version }: SettingsRouteDeps): Route {
  const settings = publicSettings(config);
  const links = { about: '/', health: '/health', openapi: '/openapi.json' };
  return {
    method: 'GET',
    path: '/service',
    access: { scope: 'read' },
    deadline: 'bounded',
    operation,
    handle(ctx) {
      const shown = settingsFor(callerOf(ctx), settings);
      ctx.body = { ...serviceMembers(version), links, node: process.versions.node, settings: shown };
    },
  };
}

function settingsFor(caller: Caller, { connectors, api, ...settings }: PublicSettings): PublicSettings {
  return {
    ...settings,
    connectors: connectors.filter(({ name }) => seesConnector(caller, name)),
    api: { ...api, keys: api.keys.filter(({ name }) => caller.admin || name === caller.name) },
  };
}
