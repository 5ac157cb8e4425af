import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, dnsLabel, httpUrl, names } from './kinds.ts';

const ConnectorSettings = closed({
  name: dnsLabel({
    description: 'Part of the connector’s path and of the names of its secrets. No default.',
  }),
  dialect: choice(['control-plane'], { default: 'control-plane', description: 'Its wire format.' }),
  callbackPrefix: httpUrl({
    description: 'A request’s callbackAddress must start with this, in whole path segments. No default.',
  }),
  addressNames: choice(['prefixed', 'plain'], {
    default: 'prefixed',
    description: 'Names of address properties: `plain` for EDC milestones 6 to 8.',
  }),
  managementUrl: Type.Optional(
    httpUrl({
      description: 'Base of its management API. Default: callbackPrefix without a final /callback.',
    }),
  ),
  managementVersion: choice(['v2', 'v3', 'v4', 'none'], {
    default: 'v3',
    description:
      '`v2` up to EDC 0.6, `v3` from 0.7, `v4` from 0.18; `none`: a failure cannot be delivered to it, nor can it be asked whether a transfer has ended.',
  }),
  templates: names({ default: ['*'], description: 'Templates that it may ask for; `*` is all.' }),
  resultsUrl: Type.Optional(
    httpUrl({ description: 'Base of the data addresses that it is given. Default: http.publicUrl.' }),
  ),
});

export const ConnectorsSettings = Type.Array(ConnectorSettings, {
  title: 'a list of connectors',
  maxItems: 1000,
  default: [],
  description: 'The connectors that may ask. In the environment: as JSON.',
});
