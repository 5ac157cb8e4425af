import { Type, type Static } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { dnsLabel, names } from './kinds.ts';

/** What a key may be used for; each operation of the API needs one of them. */
export const apiScopes = ['run', 'read', 'results', 'supply', 'admin'] as const;

export type ApiScope = (typeof apiScopes)[number];

/** Clients without a key, as far as `http.unauthenticated` allows them. */
export const localCallerName = 'local';

const scope = Type.Enum([...apiScopes], { title: `one of ${apiScopes.join(', ')}` });

const ApiKey = closed({
  name: dnsLabel(
    'Who uses the key: jobs belong to the name. Two entries of one name are two keys. No default.',
  ),
  // A key has at least 32 random characters, which nobody can guess: unlike a password, it needs no slow hash. `writeOnly`, since a key may
  // have been written here by mistake.
  sha256: Type.String({
    title: 'the SHA-256 of a key in hex',
    pattern: '^[0-9a-f]{64}$',
    writeOnly: true,
    description: 'SHA-256 of the key in hex, as `edc-job-provisioner api-key NAME` prints it. No default.',
  }),
  scopes: Type.Array(scope, {
    title: `a list of ${apiScopes.join(', ')}`,
    minItems: 1,
    uniqueItems: true,
    description: `What it may be used for: ${apiScopes.join(', ')}. No default.`,
  }),
  templates: names('Templates that it may use; `*` is all.', { default: ['*'] }),
  connectors: names('Whose jobs it sees: connectors, `*` for all, `rest` for those that it has started.', {
    default: ['rest'],
  }),
});

const origin = Type.String({
  title: 'an origin such as https://jobs.example.org',
  pattern: '^https?://[^\\s/?#@*]+$',
});

/** The API for people. */
export const ApiSettings = closed({
  keys: Type.Array(ApiKey, {
    title: 'a list of keys',
    maxItems: 1000,
    default: [],
    description: 'Keys of the API. In the environment: JSON.',
  }),
  cors: closed({
    origins: Type.Array(origin, {
      title: 'a list of origins such as https://jobs.example.org',
      uniqueItems: true,
      default: [],
      description: 'Web pages of these origins may use the API.',
    }),
  }),
});

export type ApiConfig = Static<typeof ApiSettings>;
export type ApiKeyConfig = ApiConfig['keys'][number];
