import { readBearer } from '../../bearer-header.ts';
import type { Secrets } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import { receiveFile, takesNothing, type InboxParts, type Reception } from '../../inbox/receive-file.ts';
import { readUploadHead } from '../../inbox/read-upload-head.ts';
import type { ReceptionSlots } from '../../inbox/reception-slots.ts';
import type { FlowService } from '../../requests/flow-service.ts';
import { isFlowName } from '../../flow/names.ts';
import { verifyBearerToken } from '../../result/bearer-token.ts';
import { problemOf } from '../problem.ts';
import { receiveForAsset, type AssetInboxDeps } from './asset-inbox.ts';
import type { HttpContext, Route } from '../route.ts';
import { inboxOperation } from './inbox-operations.ts';

export interface InboxRouteDeps extends InboxParts, AssetInboxDeps {
  flows: Pick<FlowService, 'inbox'>;
  slots: ReceptionSlots;
  keys: Secrets['resultKeys'];
}

const paths = [
  { path: '/inbox/:inbox', name: 'ToInboxByBearer', verify: verifyHeader },
  { path: '/inbox/:flow/:token', name: 'ToInbox', verify: verifyPath },
  { path: '/inbox/:flow/:token/*path', name: 'FileToInbox', verify: verifyPath },
];

/**
 * Where providers send what a flow receives, and others what the jobs of an asset use. The token is the only credential; it is checked
 * before the body is read.
 */
export function inboxRoutes(deps: InboxRouteDeps): Route[] {
  return paths.flatMap((one) =>
    (['PUT', 'POST'] as const).map((method): Route => {
      const { path, verify } = one;
      return {
        ...{ method, path, access: 'token', deadline: 'exempt', body: { kind: 'bytes' } },
        // The inbox of an asset has its token in place of a flow.
        secret: path.includes(':token') ? ['token'] : ['inbox'],
        operation: inboxOperation(method, one),
        async handle(ctx) {
          await take(ctx, deps, verify).catch((error: unknown) => {
            if (problemOf(error).status >= 500) ctx.set('Retry-After', String(retryAfterSeconds));
            throw error;
          });
        },
      };
    }),
  );
}

async function take(
  ctx: HttpContext,
  deps: InboxRouteDeps,
  verify: (ctx: HttpContext, deps: InboxRouteDeps) => void,
): Promise<void> {
  const { inbox } = ctx.params;
  if (inbox !== undefined && !isFlowName(inbox)) {
    await receiveForAsset(ctx, deps, inbox);
    return;
  }
  verify(ctx, deps);
  await receive(ctx, deps);
}

function flowOf({ params }: HttpContext): string {
  return params['flow'] ?? params['inbox'] ?? '';
}

function verifyPath(ctx: HttpContext, deps: InboxRouteDeps): void {
  const { token = '' } = ctx.params;
  const state = stateOf(ctx, deps, token);
  if (state === 'wrong') throw new ServiceError('not-found', 'there is no such inbox');
  if (state === 'expired') throw takesNothing();
}

function verifyHeader(ctx: HttpContext, deps: InboxRouteDeps): void {
  const token = readBearer(ctx.get('authorization'));
  const state = token === undefined ? 'wrong' : stateOf(ctx, deps, token);
  if (state === 'expired') throw takesNothing();
  if (state === 'valid') return;
  if (token !== undefined) ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
  const expected = 'Authorization: expected Bearer and the token of this inbox';
  throw new ServiceError('unauthorized', expected, { field: 'Authorization' });
}

function stateOf(ctx: HttpContext, { keys, now }: InboxRouteDeps, token: string): string {
  return verifyBearerToken(token, { use: 'inbox', flow: flowOf(ctx), keys, now: now() }).state;
}

/** An estimate of the time until another upload ends. */
const retryAfterSeconds = 10;

async function receive(ctx: HttpContext, deps: InboxRouteDeps): Promise<void> {
  const flow = flowOf(ctx);
  const { signal } = ctx.state;
  ctx.state.logged = { flowId: flow, job: flow };
  const head = readUploadHead(ctx.req.headers, restOf(ctx));
  const now = await deps.flows.inbox(flow, signal);
  if (now.state === 'paused') throw new ServiceError('forbidden', 'the transfer of this inbox is suspended');
  if (now.state !== 'open') throw takesNothing();
  const reception: Reception = {
    ...{ head, body: ctx.req, inbox: { flow, attempt: now.attempt } },
    readState: (during) => deps.flows.inbox(flow, during),
  };
  const { name, size, sha256 } = await deps.slots.with(() => receiveFile(deps, reception, signal));
  ctx.state.logged = { ...ctx.state.logged, bytes: size };
  ctx.status = 201;
  ctx.body = { name, size, sha256 };
}

/** Behind the token, still encoded: the name of the file is decoded leniently. */
function restOf({ path }: HttpContext): string {
  const [, rest = ''] = /^\/inbox\/[^/]+\/[^/]+\/(.+)$/s.exec(path) ?? [];
  return rest;
}
