import type { Config, HttpConfig, Secrets } from '../../../config/config.ts';
import { ServiceError } from '../../../errors.ts';
import type { FlowView } from '../../../requests/flow-service.ts';
import { serviceAddress } from '../../../result/build-data-address.ts';
import { chooseBytes } from '../../../result/choose-bytes.ts';
import type { ManifestCache } from '../../../result/manifest-cache.ts';
import type { StoredManifest } from '../../../result/read-manifest.ts';
import { archiveBody, fileBody } from '../../../result/result-body.ts';
import { buildProblem, sendProblem } from '../../problem.ts';
import { describeOutcome, logLines } from './progress-lines.ts';
import type { HttpContext } from '../../route.ts';
import { sendBody, type BodySender } from '../send-body.ts';

export interface DemoResultDeps extends BodySender {
  http: Pick<HttpConfig, 'publicUrl'>;
  results: Pick<Config['results'], 'addressSeconds'>;
  keys: Secrets['resultKeys'];
  manifests: ManifestCache;
}

/** Sends the result of a flow that succeeded, or the reason of one that did not. */
export async function sendResult(ctx: HttpContext, deps: DemoResultDeps, view: FlowView): Promise<void> {
  const { outcome, flow } = view;
  if (outcome?.phase !== 'succeeded') {
    const title = 'The job failed';
    const detail = outcome === undefined ? 'no outcome' : describeOutcome(outcome);
    const log = outcome === undefined ? [] : logLines(outcome);
    const members = {
      flow,
      ...(outcome && { phase: outcome.phase, reason: outcome.reason }),
      ...(log.length > 0 && { log }),
    };
    sendProblem(ctx, buildProblem({ code: 'flow-failed', title, status: 502, detail, ...members }));
    return;
  }
  const { stored, chosen } = await findBytes(deps, view, ctx.state.signal);
  const contentType = view.plan.results.contentType;
  ctx.set('Content-Location', await addressOf(deps, view, ctx.state.signal));
  const body =
    chosen.kind === 'file' ? fileBody(stored, chosen.file, contentType) : archiveBody(stored, chosen.format);
  await sendBody(ctx, deps, body);
}

/** The address from which the result can be fetched again. */
export async function addressOf(deps: DemoResultDeps, view: FlowView, signal: AbortSignal): Promise<string> {
  const { chosen } = await findBytes(deps, view, signal);
  const { flow, plan, outcome } = view;
  if (outcome?.phase !== 'succeeded')
    throw new ServiceError('internal', 'a flow without results has no address');
  const { keys, results } = deps;
  return serviceAddress(
    { flow, plan, outcome, keys, results, connector: { resultsUrl: deps.http.publicUrl } },
    chosen,
  );
}

async function findBytes(
  { manifests }: DemoResultDeps,
  { flow, plan, outcome }: FlowView,
  signal: AbortSignal,
) {
  const attempt = outcome?.phase === 'succeeded' ? outcome.results.attempt : '';
  const stored: StoredManifest | undefined = await manifests.load(flow, attempt, signal);
  const chosen = stored && chooseBytes(plan.results.choice, stored.manifest);
  if (stored === undefined || chosen === undefined)
    throw new ServiceError('gone', 'the results have been deleted');
  return { stored, chosen };
}
