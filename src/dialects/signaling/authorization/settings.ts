import { Type, type Static } from 'typebox';
import { ServiceError } from '../../../errors.ts';
import { closed, described } from '../../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from '../../../config/settings/kinds.ts';
import type { Schema } from '../../../schemas/schema-problem.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Authorization } from './schemas.ts';

const profiles = ['none', 'oauth2_client_credentials', 'oauth2_token_exchange'] as const;

function profile<Name extends (typeof profiles)[number]>(name: Name) {
  const title = `one of ${profiles.join(', ')}`;
  return Type.Literal(name, { title, default: 'none', description: 'Authorization profile.' });
}

const ProfileSettings = Type.Union([
  closed({ type: profile('none') }),
  closed({
    type: profile('oauth2_client_credentials'),
    tokenEndpoint: httpUrl('Where tokens for calls of this side are requested.'),
    clientId: text('The client; its secret comes from the environment.'),
    jwksUri: Type.Optional(httpUrl('Keys of the tokens that this side sends.')),
  }),
  closed({
    type: profile('oauth2_token_exchange'),
    tokenExchangeEndpoint: httpUrl('Where tokens for calls of this side are requested.'),
    issuer: text('Issuer of the tokens that this side sends.'),
    jwksUri: httpUrl('Keys of the tokens that this side sends.'),
  }),
]);

type ProfileSettings = Static<typeof ProfileSettings>;

/** A union; `type` selects the alternative that the values are checked against, and is `none` if it is absent. */
export function authorizationProfile(description: string) {
  return Type.Unsafe<ProfileSettings>({
    type: 'object',
    title: 'an authorization with type',
    description,
    discriminator: { propertyName: 'type' },
    oneOf: ProfileSettings.anyOf,
  } satisfies Schema & object);
}

/** Members of a connector that say how its control planes and this data plane authorize each other. */
export const authorizationSettings = {
  dataplaneId: text('Id of this data plane at its control planes; tokens must name it as `aud`.', {
    default: 'edc-job-provisioner',
  }),
  controlPlane: described('The control plane, if it does not register itself.', {
    id: Type.Optional(text('Its controlplaneId. Default: the connector’s name.')),
    endpoint: Type.Optional(httpUrl('Base of its callbacks. Default: none; it registers itself.')),
    authorization: authorizationProfile('How it is called, and how its tokens are verified.'),
  }),
  authorization: described('Rules for tokens.', {
    audience: choice('Whether `aud` must name the dataplaneId.', ['checked', 'ignored'], {
      default: 'checked',
    }),
    clockSkewSeconds: integer({ min: 0, max: 600, default: 30 }, 'Difference of clocks that is allowed for.'),
    keyless: choice('Registrations without keys, whose tokens cannot be verified.', ['refuse', 'accept'], {
      default: 'refuse',
    }),
    replays: choice('A token with `jti` that was used before.', ['refuse', 'accept'], { default: 'accept' }),
    scope: Type.Optional(
      text('With token exchange: requested, and expected of the tokens of control planes.'),
    ),
    resource: Type.Optional(text('With token exchange: URI of the principal that this data plane acts for.')),
    workloadTokenFile: Type.Optional(text('With token exchange: path of the token of this workload.')),
  }),
};

/** The wire form; undefined for `none`. Throws `invalid-config` without the secret that the profile needs. */
export function buildAuthorization(
  settings: ProfileSettings,
  secret: { value: string | undefined; variable: string },
): Authorization | undefined {
  switch (settings.type) {
    case 'none':
      return undefined;
    case 'oauth2_client_credentials':
      if (secret.value === undefined)
        throw new ServiceError(
          'invalid-config',
          `${secret.variable}: expected the secret of ${settings.clientId}`,
        );
      return { ...settings, clientSecret: secret.value };
    case 'oauth2_token_exchange':
      return settings;
    default:
      return settings satisfies never;
  }
}

/** The control plane of the settings; none if they name no endpoint. */
export function configuredControlPlanes(
  { name, controlPlane }: { name: string; controlPlane: ControlPlaneSettings },
  secret: { value: string | undefined; variable: string },
): ControlPlane[] {
  const { id = name, endpoint, authorization: profile } = controlPlane;
  if (endpoint === undefined) return [];
  const authorization = buildAuthorization(profile, secret);
  return [{ id, endpoint, ...(authorization === undefined ? {} : { authorization }) }];
}

type ControlPlaneSettings = Static<(typeof authorizationSettings)['controlPlane']>;
