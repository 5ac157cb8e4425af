import { Type, type Static, type TUnsafe } from 'typebox';
import { invalidRequest, type ServiceError } from '../../../errors.ts';

/**
 * The `authorization` of a registration (§Authorization Profiles): where tokens for calls of the registering side are requested, and by
 * which keys its own tokens are verified. Unknown members are ignored.
 */

const address = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s?#/@]+(/[^\\s#]*)?$',
  title: 'an http:// or https:// URL without user and fragment, of at most 2048 characters',
});

const text = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  title: '1 to 2048 characters, no control characters',
});

const keyLimit = 100;

const KeySetBody = Type.Object(
  { keys: Type.Array(Type.Object({}), { maxItems: keyLimit, title: `a list of at most ${keyLimit} keys` }) },
  { title: 'a JSON Web Key Set' },
);

const profiles = ['oauth2_client_credentials', 'oauth2_token_exchange'] as const;

function profile<Name extends (typeof profiles)[number]>(name: Name) {
  return Type.Literal(name, { title: `one of ${profiles.join(', ')}` });
}

const title = 'a JSON object with type';

const ClientCredentialsBody = Type.Object(
  {
    type: profile('oauth2_client_credentials'),
    tokenEndpoint: address,
    clientId: text,
    clientSecret: text,
    jwks: Type.Optional(KeySetBody),
    jwksUri: Type.Optional(address),
  },
  { title },
);

const TokenExchangeBody = Type.Object(
  {
    type: profile('oauth2_token_exchange'),
    tokenExchangeEndpoint: address,
    issuer: text,
    jwksUri: address,
  },
  { title },
);

export type ClientCredentials = Static<typeof ClientCredentialsBody>;
export type TokenExchange = Static<typeof TokenExchangeBody>;
export type Authorization = ClientCredentials | TokenExchange;

/** A union; `type` selects the alternative that a value is checked against. */
export const AuthorizationBody: TUnsafe<Authorization> = Type.Unsafe<Authorization>({
  type: 'object',
  title,
  discriminator: { propertyName: 'type' },
  oneOf: [ClientCredentialsBody, TokenExchangeBody],
});

/** Throws `invalid-request` for keys that the profile does not allow, and for none where they are required. */
export function checkKeys(authorization: Authorization, keyless: 'refuse' | 'accept'): void {
  if ('jwks' in authorization && authorization.jwksUri !== undefined)
    throw unexpected('jwks', 'none beside jwksUri');
  if (keyless === 'refuse' && isKeyless(authorization))
    throw unexpected('jwksUri', 'jwksUri or jwks, by whose keys its tokens are verified');
}

export function isKeyless(authorization: Authorization): boolean {
  return !('jwks' in authorization) && authorization.jwksUri === undefined;
}

function unexpected(member: string, expected: string): ServiceError {
  return invalidRequest(`authorization.${member}`, expected);
}
