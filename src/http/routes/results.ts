import type { Secrets } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import type { FlowService } from '../../requests/flow-service.ts';
import type { ManifestCache } from '../../result/manifest-cache.ts';
import type { Manifest, ManifestFile } from '../../result/manifest.ts';
import { decodePath } from '../../result/paths.ts';
import type { StoredManifest } from '../../result/read-manifest.ts';
import { archiveBody, fileBody, manifestBody, type ResultBody } from '../../result/result-body.ts';
import { verifyResultToken } from '../../result/result-token.ts';
import type { HttpContext, Operation, Route } from '../route.ts';
import { sendBody, type BodySender } from './send-body.ts';

export interface ResultRouteDeps extends BodySender {
  flows: Pick<FlowService, 'isDeprovisioned'>;
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
  ];
}

interface AdmittedRequest {
  ctx: HttpContext;
  stored: StoredManifest;
  mediaTypeOf: (path: string) => string | undefined;
}

type BodyOf = (request: AdmittedRequest) => ResultBody;
type ResultKind = keyof typeof operations;

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

async function admit(ctx: HttpContext, deps: ResultRouteDeps): Promise<AdmittedRequest> {
  const { keys, manifests, now } = deps;
  const { flow = '', token = '' } = ctx.params;
  const verdict = verifyResultToken(token, { flow, keys, now: now() });
  if (verdict.state === 'wrong') throw new ServiceError('not-found', 'there is no such result');
  if (verdict.state === 'expired') throw new ServiceError('gone', 'the address of these results has expired');
  const [stored, withdrawn] = await Promise.all([
    manifests.load(flow, verdict.attempt, ctx.state.signal),
    isWithdrawn(ctx, deps, flow),
  ]);
  if (stored === undefined || withdrawn) throw new ServiceError('gone', 'these results have been deleted');
  return { ctx, stored, mediaTypeOf: verdict.mediaTypeOf };
}

/** Without an answer of the cluster within this, results are sent. */
const checkMillis = 2000;

/**
 * Whether a deprovision was accepted, also if the leader has not deleted the results yet. While the cluster is out of reach, results are
 * sent: no deprovision can be accepted then.
 */
async function isWithdrawn(
  { state: { signal, log } }: HttpContext,
  { flows }: ResultRouteDeps,
  flow: string,
): Promise<boolean> {
  try {
    return await flows.isDeprovisioned(flow, AbortSignal.any([signal, AbortSignal.timeout(checkMillis)]));
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ flowId: flow, err: error }, 'results sent without a check for a deprovision');
    return false;
  }
}

/** Reads the raw path, since the router's decoded one hides malformed escapes. */
function bodyOfFile({ ctx, stored, mediaTypeOf }: AdmittedRequest): ResultBody {
  const [, encoded = ''] = /^\/results\/[^/]+\/[^/]+\/files\/(.+)$/s.exec(ctx.path) ?? [];
  const path = decodePath(encoded);
  const file = path === undefined ? undefined : findFile(stored.manifest, path);
  if (file === undefined) throw new ServiceError('not-found', 'there is no such file among the results');
  return fileBody(stored, file, mediaTypeOf(file.path));
}

/** A binary search: the manifest is sorted and may be long. */
function findFile({ files }: Manifest, path: string): ManifestFile | undefined {
  let from = 0;
  let to = files.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const file = files[middle];
    if (file === undefined || file.path === path) return file;
    if (file.path < path) from = middle + 1;
    else to = middle;
  }
  return undefined;
}

const parameters = {
  flow: "The flow's id.",
  token: 'The signed token of a data address: attempt and expiry.',
};

function download(operationId: string, summary: string, contentType: string): Operation {
  return {
    operationId,
    tag: 'results',
    summary,
    description:
      'The answer has a length and a strong ETag. One range gets 206, several get all of it. Nothing is compressed. An error after the first byte closes the connection.',
    parameters,
    responses: {
      '200': { description: 'All of it.', contentType },
      '206': { description: 'The requested range.', contentType },
      '304': { description: 'The ETag matches If-None-Match.' },
      '404': { description: 'The token is wrong, or there is no such file.' },
      '410': { description: 'The token has expired, or the results are deprovisioned or deleted.' },
      '412': { description: 'The ETag does not match If-Match.' },
      '416': { description: 'The range begins after the end.' },
      '503': { description: 'Too many downloads, or the store does not answer; see Retry-After.' },
    },
  };
}

const operations = {
  'files/*path': {
    ...download('getResultFile', 'One file of the results', 'application/octet-stream'),
    parameters: { ...parameters, path: "The file's path, each segment percent-encoded." },
  },
  'archive.zip': download(
    'getResultZip',
    'All files as a zip, stored without compression',
    'application/zip',
  ),
  'archive.tar': download('getResultTar', 'All files as a tar', 'application/x-tar'),
  'manifest.json': download('getResultManifest', 'Every file with its size and sha256', 'application/json'),
} satisfies Record<string, Operation>;
