import type { ConnectorConfig } from '../../src/config/config.ts';
import { authenticateConnector } from '../../src/dialects/authenticate-connector.ts';
import { deliverMessage } from '../../src/dialects/deliver-message.ts';
import type { ConnectorCall, Dialect, RouteDeps } from '../../src/dialects/dialect.ts';
import { flowName } from '../../src/flow/names.ts';
import type { HttpContext } from '../../src/http/route.ts';
import type { DeliveryAnswer, MessageOfFlow } from '../../src/reconciler/types.ts';
import { chooseTemplate } from '../../src/template/choose-template.ts';
import { renderTemplate } from '../../src/template/render-template.ts';

export interface PostcardConnector extends ConnectorConfig {
  replyUrl: string;
}

interface Card {
  number: string;
  assetId: string;
  metadata?: object;
}

/** A dialect that no connector speaks: a numbered card with an asset comes in, a link or a regret goes out, once. */
export const postcards: Dialect<PostcardConnector> = {
  name: 'postcards',
  routes: (deps) => [
    {
      method: 'POST',
      path: '/postcards/:connector/:token',
      access: 'token',
      secret: ['token'],
      deadline: 'bounded',
      body: { kind: 'json', name: 'Postcard', schema: { type: 'object' } },
      operation: { operationId: 'post', tag: 'connectors', summary: 'A card', parameters: {}, responses: {} },
      handle: (ctx) => receive(ctx, deps),
    },
  ],
  addresses: {
    service: 'carried',
    presigned: { obstacle: 'a card has no room for it' },
    s3: { obstacle: 'a card has no room for it' },
  },
  carriesContract: true,
  rules: () => ({
    holdMillis: 0,
    lostAttempt: { askAfterMillis: 0 },
    onRefusal: 'end',
    confirmsDeprovision: false,
  }),
  deliver,
};

async function receive(ctx: HttpContext, deps: RouteDeps<PostcardConnector>): Promise<void> {
  const { connector: name = '', token = '' } = ctx.params;
  const { dialect } = authenticateConnector(deps, { name, token });
  const { number, assetId, metadata = {} } = (await ctx.state.readJson()) as Card;
  const identity = { dialect, connector: name, ids: { number } };
  const template = chooseTemplate(deps.templates, { assetId });
  const rendered = renderTemplate(template, { assetId, parameters: {}, contract: { metadata } });
  const request = { ...identity, assetId, template: template.name, acceptedAt: deps.now().toISOString() };
  const acceptance = await deps.flows.accept({ request, rendered }, ctx.state.signal);
  const flow = flowName(identity);
  if (!acceptance.created) await deps.flows.recordRepeat(flow, ctx.state.signal, acceptance.found);
  ctx.status = acceptance.created ? 201 : 208;
  ctx.body = { flow };
}

async function deliver(
  { connector, request, message, ...call }: ConnectorCall<PostcardConnector> & MessageOfFlow,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  const news =
    message.kind === 'results' && message.address.type === 'HttpData'
      ? { link: message.address.baseUrl }
      : { regret: message.kind === 'failure' ? message.reason : 'deprovisioned' };
  const body = { number: request.ids['number'], ...news };
  const answer = await deliverMessage({ ...call, url: connector.replyUrl, headers: {}, body }, signal);
  if (answer.got === 'nothing') return { result: 'failed', problem: answer.problem, slowly: false };
  const { status } = answer;
  return status < 300
    ? { result: 'delivered', status }
    : { result: 'rejected', status, problem: `answered ${status}` };
}
