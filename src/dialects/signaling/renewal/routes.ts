import { Type } from 'typebox';
import { readBearer } from '../../../bearer-header.ts';
import { isServiceError } from '../../../errors.ts';
import type { HttpContext, Operation, Route } from '../../../http/route.ts';
import { renewToken, type RenewalAnswer, type RenewalDeps } from './renew-token.ts';

/** The endpoint that renews access tokens (`profiles/token-renewal.md`): an OAuth2 token endpoint for refresh tokens alone. */
export function renewalRoutes(deps: RenewalDeps): Route[] {
  async function handle(ctx: HttpContext): Promise<void> {
    const { flow = '' } = ctx.params;
    const form = await readFields(ctx);
    const client = readBearer(ctx.get('authorization'));
    const request = { flow, client, grantType: form.get('grant_type'), token: form.get('refresh_token') };
    send(ctx, await answer(() => renewToken(deps, request, ctx.state.signal)));
  }
  return [
    {
      method: 'POST',
      path: '/results/:flow/token',
      access: 'token',
      deadline: 'bounded',
      body: { kind: 'form', name: 'TokenRenewal', schema: RenewalForm },
      operation,
      handle,
    },
  ];
}

/** The example of the specification has the fields in the query, and so have some clients: they come after those of the body. */
async function readFields(ctx: HttpContext): Promise<URLSearchParams> {
  const fields = await ctx.state.readForm();
  for (const [name, value] of new URLSearchParams(ctx.querystring)) fields.append(name, value);
  return fields;
}

async function answer(renew: () => Promise<RenewalAnswer>): Promise<RenewalAnswer> {
  try {
    return await renew();
  } catch (error) {
    if (isServiceError(error, 'unauthorized'))
      return { status: 401, body: { error: 'invalid_client', error_description: error.message } };
    if (isServiceError(error, 'unavailable'))
      return { status: 503, body: { error: 'temporarily_unavailable', error_description: error.message } };
    throw error;
  }
}

function send(ctx: HttpContext, { status, body }: RenewalAnswer): void {
  ctx.state.logged = { flowId: ctx.params['flow'], decision: 'error' in body ? body.error : 'renewed' };
  ctx.set('Cache-Control', 'no-store');
  if (status === 401) ctx.set('WWW-Authenticate', 'Bearer');
  ctx.status = status;
  ctx.body = body;
}

const RenewalForm = Type.Object({
  grant_type: Type.Literal('refresh_token'),
  refresh_token: Type.String(),
});

const TokenResponse = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer(),
});

const OAuthError = Type.Object({ error: Type.String(), error_description: Type.String() });

const operation: Operation = {
  operationId: 'renewAccessToken',
  tag: 'results',
  summary: 'Exchange a refresh token for an access token',
  description:
    'The header `Authorization` has a JSON Web Token that the consumer of the transfer has signed with a key of its DID.',
  parameters: { flow: "The flow's id." },
  responses: {
    200: { description: 'A new access token', schema: TokenResponse },
    400: { description: 'The refresh token is not valid (any more)', schema: OAuthError },
    401: { description: 'The client’s token is not valid', schema: OAuthError },
    503: { description: 'The document of the client’s DID cannot be loaded', schema: OAuthError },
  },
};
