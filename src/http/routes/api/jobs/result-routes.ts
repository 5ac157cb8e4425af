import { ServiceError } from '../../../../errors.ts';
import type { FlowService } from '../../../../requests/flow-service.ts';
import type { ManifestCache } from '../../../../result/manifest-cache.ts';
import { encodePath } from '../../../../result/paths.ts';
import type { StoredManifest } from '../../../../result/read-manifest.ts';
import { archiveBody, fileBody, manifestBody, type ResultBody } from '../../../../result/result-body.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { fileOfPath } from '../../find-file.ts';
import { sendBody, type BodySender } from '../../send-body.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { findView, jobOf } from './job-routes.ts';
import { downloads, resultsOperation, type DownloadName } from './result-operations.ts';
import type { Results } from './result-schema.ts';

export interface JobResultDeps extends BodySender {
  flows: Pick<FlowService, 'view'>;
  manifests: ManifestCache;
  publicUrl: string;
}

/** Results of a job, for those who may look at the job. */
export function jobResultRoutes(deps: JobResultDeps): Route[] {
  const bodies: Record<DownloadName, BodyOf> = {
    'files/*path': (stored, ctx) => fileBody(stored, fileOfPath(ctx.path, stored.manifest)),
    'archive.zip': (stored) => archiveBody(stored, 'zip'),
    'archive.tar': (stored) => archiveBody(stored, 'tar'),
    'manifest.json': manifestBody,
  };
  const path = '/jobs/:job/results';
  const list = apiRoute({
    method: 'GET',
    path,
    scope: 'results',
    operation: resultsOperation,
    async handle(ctx) {
      const self = `${deps.publicUrl}${apiPrefix}/jobs/${jobOf(ctx)}/results`;
      ctx.body = describeResults(await findStored(ctx, deps), self);
    },
  });
  const names = Object.keys(bodies) as DownloadName[];
  return [
    list,
    ...names.map((name) =>
      apiRoute({
        method: 'GET',
        path: `${path}/${name}`,
        scope: 'results',
        operation: downloads[name],
        deadline: 'exempt',
        async handle(ctx) {
          await sendBody(ctx, deps, bodies[name](await findStored(ctx, deps), ctx));
        },
      }),
    ),
  ];
}

type BodyOf = (stored: StoredManifest, ctx: HttpContext) => ResultBody;

async function findStored(ctx: HttpContext, deps: JobResultDeps): Promise<StoredManifest> {
  const { signal } = ctx.state;
  const { flow, outcome, deprovisioned } = await findView(ctx, deps);
  if (outcome === undefined) {
    ctx.set('Retry-After', '5');
    throw new ServiceError('conflict', 'the job has not ended yet: expected one that has succeeded');
  }
  if (outcome.phase !== 'succeeded')
    throw new ServiceError('gone', `the job has no results: it is ${outcome.phase} (${outcome.reason})`);
  const stored = deprovisioned ? undefined : await deps.manifests.load(flow, outcome.results.attempt, signal);
  if (stored === undefined) throw new ServiceError('gone', 'these results have been deleted');
  return stored;
}

function describeResults({ manifest }: StoredManifest, self: string): Results {
  return {
    files: manifest.files.map(({ path, size, sha256, modifiedAt }) => ({
      ...{ path, size, sha256, modifiedAt },
      href: `${self}/files/${encodePath(path)}`,
    })),
    links: {
      zip: `${self}/archive.zip`,
      tar: `${self}/archive.tar`,
      manifest: `${self}/manifest.json`,
    },
  };
}
