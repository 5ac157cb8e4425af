import type { Secrets } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import type { ResultAccess } from '../../flow/protocol-state.ts';
import type { FlowService } from '../../requests/flow-service.ts';
import type { ManifestCache } from '../../result/manifest-cache.ts';
import type { StoredManifest } from '../../result/read-manifest.ts';
import { archiveBody, fileBody, manifestBody, type ResultBody } from '../../result/result-body.ts';
import { anyAttempt } from '../../result/build-data-address.ts';
import { chooseBytes } from '../../result/choose-bytes.ts';
import { verifyBearerToken } from '../../result/bearer-token.ts';
import { verifyResultToken, type TokenVerdict } from '../../result/result-token.ts';
import { readBearer } from '../../bearer-header.ts';
import type { HttpContext, Route } from '../route.ts';
import { resultOperations as operations } from './result-operations.ts';
import { fileOfPath } from './find-file.ts';
import { sendBody, type BodySender } from './send-body.ts';

export interface ResultRouteDeps extends BodySender {
  flows: Pick<FlowService, 'results'>;
  manifests: ManifestCache;
  keys: Secrets['resultKeys'];
  now: () => Date;
}

/** The routes of data addresses. The token in the path is the only credential; it is checked when a request starts. */
export function resultRoutes(deps: ResultRouteDeps): Route[] {
  return [
    route(deps, 'files/*path', bodyOfFile),
    route(deps, 'archive.zip', ({ stored }) => archiveBody(stored, 'zip')),
    route(deps, 'archive.tar', ({ stored }) => archiveBody(stored, 'tar')),
    route(deps, 'manifest.json', ({ stored }) => manifestBody(stored)),
    contentRoute(deps),
    bearerContentRoute(deps),
  ];
}

interface AdmittedRequest {
  ctx: HttpContext;
  stored: StoredManifest;
  mediaTypeOf: (path: string) => string | undefined;
}

type BodyOf = (request: AdmittedRequest) => ResultBody;
type ResultKind = Exclude<keyof typeof operations, 'content' | 'bearer'>;

function route(deps: ResultRouteDeps, kind: ResultKind, bodyOf: BodyOf): Route {
  return {
    method: 'GET',
    path: `/results/:flow/:token/${kind}`,
    secret: ['token'],
    deadline: 'exempt',
    access: 'token',
    operation: operations[kind],
    async handle(ctx) {
      await sendBody(ctx, deps, bodyOf(await admit(ctx, deps)));
    },
  };
}

/** The bytes that the template chose, at an address that may have been handed out before they existed. */
function contentRoute(deps: ResultRouteDeps): Route {
  return {
    method: 'GET',
    path: '/results/:flow/:token/content',
    secret: ['token'],
    deadline: 'exempt',
    access: 'token',
    operation: operations.content,
    async handle(ctx) {
      const { flow, verdict } = checkToken(ctx, deps);
      if (verdict.attempt !== anyAttempt) throw new ServiceError('not-found', 'there is no such result');
      await sendBody(ctx, deps, await contentOf(ctx, deps, flow));
    },
  };
}

/** The same bytes for a token in the header, which its holder can renew while the address answers. */
function bearerContentRoute(deps: ResultRouteDeps): Route {
  return {
    method: 'GET',
    path: '/results/:flow/content',
    deadline: 'exempt',
    access: 'token',
    operation: operations.bearer,
    async handle(ctx) {
      await sendBody(ctx, deps, await contentOf(ctx, deps, checkBearer(ctx, deps)));
    },
  };
}

function checkBearer(ctx: HttpContext, { keys, now }: ResultRouteDeps): string {
  const { flow = '' } = ctx.params;
  const token = readBearer(ctx.get('authorization'));
  const verdict =
    token === undefined ? undefined : verifyBearerToken(token, { use: 'access', flow, keys, now: now() });
  if (verdict?.state === 'valid') return flow;
  if (verdict !== undefined) ctx.set('WWW-Authenticate', 'Bearer error="invalid_token"');
  const expected =
    verdict?.state === 'expired' ? 'a token that has not expired' : 'Bearer and an access token';
  throw new ServiceError('unauthorized', `Authorization: expected ${expected}`, { field: 'Authorization' });
}

/** Seconds after which a consumer may look again for results that are still being made. */
const retryAfterSeconds = 5;

async function contentOf(ctx: HttpContext, deps: ResultRouteDeps, flow: string): Promise<ResultBody> {
  const { access, outcome, plan } = await deps.flows.results(flow, ctx.state.signal);
  checkAccess(access);
  if (plan === undefined) throw deleted();
  if (outcome === undefined) {
    ctx.set('Retry-After', String(retryAfterSeconds));
    throw new ServiceError('unavailable', 'these results are still being made');
  }
  if (outcome.phase !== 'succeeded')
    throw new ServiceError('gone', `the job of these results has ended without them: ${outcome.reason}`);
  const stored = await deps.manifests.load(flow, outcome.results.attempt, ctx.state.signal);
  const chosen = stored && chooseBytes(plan.results.choice, stored.manifest);
  if (stored === undefined || chosen === undefined) throw deleted();
  return chosen.kind === 'file'
    ? fileBody(stored, chosen.file, plan.results.contentType)
    : archiveBody(stored, chosen.format);
}

type ValidVerdict = Extract<TokenVerdict, { state: 'valid' }>;

function checkToken(
  { params }: HttpContext,
  { keys, now }: ResultRouteDeps,
): { flow: string; verdict: ValidVerdict } {
  const { flow = '', token = '' } = params;
  const verdict = verifyResultToken(token, { flow, keys, now: now() });
  if (verdict.state === 'wrong') throw new ServiceError('not-found', 'there is no such result');
  if (verdict.state === 'expired') throw new ServiceError('gone', 'the address of these results has expired');
  return { flow, verdict };
}

function checkAccess(access: ResultAccess): void {
  if (access === 'ended') throw deleted();
  if (access === 'paused') throw new ServiceError('forbidden', 'the transfer of these results is suspended');
}

function deleted(): ServiceError {
  return new ServiceError('gone', 'these results have been deleted');
}

async function admit(ctx: HttpContext, deps: ResultRouteDeps): Promise<AdmittedRequest> {
  const { manifests } = deps;
  const { flow, verdict } = checkToken(ctx, deps);
  const [stored, access] = await Promise.all([
    manifests.load(flow, verdict.attempt, ctx.state.signal),
    readAccess(ctx, deps, flow),
  ]);
  checkAccess(access);
  if (stored === undefined) throw deleted();
  return { ctx, stored, mediaTypeOf: verdict.mediaTypeOf };
}

/** Without an answer of the cluster within this, results are sent. */
const checkMillis = 2000;

/**
 * `ended` once a deprovision was accepted, also if the leader has not deleted the results yet. While the cluster is out of reach, the
 * cache of this replica decides, and results of a flow that it does not have are sent: no message that ends them can be accepted then.
 */
async function readAccess(
  { state: { signal, log } }: HttpContext,
  { flows }: ResultRouteDeps,
  flow: string,
): Promise<ResultAccess> {
  try {
    const { access } = await flows.results(flow, AbortSignal.any([signal, AbortSignal.timeout(checkMillis)]));
    return access;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ flowId: flow, err: error }, 'results sent without a check for a deprovision');
    return 'open';
  }
}

function bodyOfFile({ ctx, stored, mediaTypeOf }: AdmittedRequest): ResultBody {
  const file = fileOfPath(ctx.path, stored.manifest);
  return fileBody(stored, file, mediaTypeOf(file.path));
}
