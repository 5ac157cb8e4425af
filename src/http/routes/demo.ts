import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Config, HttpConfig, Secrets } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { flowName } from '../../flow/names.ts';
import type { FlowService, FlowView } from '../../provisioner/flow-service.ts';
import { chooseBytes } from '../../result/choose-bytes.ts';
import { serviceAddress } from '../../result/build-data-address.ts';
import type { ManifestCache } from '../../result/manifest-cache.ts';
import type { StoredManifest } from '../../result/read-manifest.ts';
import { archiveBody, fileBody } from '../../result/result-body.ts';
import { renderTemplate } from '../../template/render-template.ts';
import type { RenderedTemplate, Template } from '../../template/template.ts';
import { answerProblem } from '../answer-problem.ts';
import { bareAllowed } from '../bare-allowed.ts';
import { cancelAbandoned } from '../cancel-abandoned.ts';
import { followFlow, type Follower } from '../follow-flow.ts';
import { describeOutcome, progressLines } from '../progress-lines.ts';
import type { HttpContext, Operation, Route } from '../route.ts';
import { sendBody, type BodySender } from './send-body.ts';

export interface DemoRouteDeps extends BodySender {
  http: Pick<HttpConfig, 'bare' | 'publicUrl' | 'answerDeadlineMillis'>;
  results: Pick<Config['results'], 'addressSeconds'>;
  keys: Secrets['resultKeys'];
  templates: readonly Template[];
  flows: Pick<FlowService, 'accept' | 'find' | 'cancel'>;
  manifests: ManifestCache;
  now: () => Date;
  newId: () => string;
  poll?: Follower['poll'];
}

/** Runs a template, waits, and sends the result: a job in one request, for people. Whoever leaves early cancels it. */
export function demoRoutes(deps: DemoRouteDeps): Route[] {
  function handle(ctx: HttpContext): Promise<void> {
    return runDemo(ctx, deps);
  }
  return [
    {
      method: 'GET',
      path: '/demo',
      answersHead: false,
      deadline: 'exempt',
      body: 'none',
      operation: operation('runDemo', {}),
      handle,
    },
    {
      method: 'GET',
      path: '/demo/:template',
      answersHead: false,
      deadline: 'exempt',
      body: 'none',
      operation: operation('runDemoTemplate', { template: 'Name of the template to run.' }),
      handle,
    },
  ];
}

async function runDemo(ctx: HttpContext, deps: DemoRouteDeps): Promise<void> {
  checkAllowed(ctx, deps);
  const query = new URLSearchParams(ctx.querystring);
  const progress = query.has('progress') || ctx.get('Accept').includes('text/event-stream');
  query.delete('progress');
  const rendered = render(pickTemplate(deps.templates, ctx.params['template']), query);
  const request = buildRequest(deps, rendered);
  const flow = flowName(request);
  await cancelAbandoned({ flows: deps.flows, flow, log: ctx.state.log }, ctx.state.signal, async () => {
    // Not the client's signal: whether the Job stands has to be known before it can be cancelled.
    await deps.flows.accept(request, rendered, AbortSignal.timeout(deps.http.answerDeadlineMillis));
    if (progress) await sendProgress(ctx, deps, flow);
    else await sendResult(ctx, deps, await waitForOutcome(ctx, deps, flow));
  });
}

/** A web page elsewhere must not start jobs here. */
function checkAllowed(ctx: HttpContext, { http }: DemoRouteDeps): void {
  if (!bareAllowed(ctx.req, http.bare))
    throw new ServiceError('not-found', 'nothing is served under this path');
  if (!['', 'none', 'same-origin'].includes(ctx.get('Sec-Fetch-Site'))) {
    throw new ServiceError('forbidden', 'expected a request that no other site has caused');
  }
}

/** Without a name: the template called `demo`, else the first. */
function pickTemplate(templates: readonly Template[], name: string | undefined): Template {
  const byName = templates.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const template =
    byName.find((one) => one.name === (name ?? 'demo')) ?? (name === undefined ? byName[0] : undefined);
  if (template !== undefined) return template;
  const expected = byName.map((one) => one.name).join(', ');
  throw new ServiceError('unknown-template', `template: expected one of ${expected}`, { field: 'template' });
}

function render(template: Template, query: URLSearchParams): RenderedTemplate {
  const repeated = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (repeated !== undefined) {
    throw new ServiceError('invalid-parameters', `${repeated}: expected one value`, { field: repeated });
  }
  return renderTemplate(template, { assetId: assetOf(template), parameters: Object.fromEntries(query) });
}

function buildRequest({ now, newId }: DemoRouteDeps, { template }: RenderedTemplate): FlowRequest {
  return {
    dialect: 'rest',
    connector: 'people',
    ids: { requestId: newId() },
    assetId: assetOf(template),
    template: template.name,
    acceptedAt: now().toISOString(),
  };
}

function assetOf(template: Template): string {
  return template.assets[0]?.id ?? template.name;
}

async function waitForOutcome(ctx: HttpContext, deps: DemoRouteDeps, flow: string): Promise<FlowView> {
  let last: FlowView | undefined;
  for await (const view of followFlow(deps, flow, ctx.state.signal)) last = view;
  if (last === undefined) throw new ServiceError('gone', `${flow} is not there any more`);
  return last;
}

async function sendResult(ctx: HttpContext, deps: DemoRouteDeps, view: FlowView): Promise<void> {
  const { outcome, flow } = view;
  if (outcome?.phase !== 'succeeded') {
    const reason = outcome === undefined ? {} : { phase: outcome.phase, reason: outcome.reason };
    const detail = outcome === undefined ? 'no outcome' : describeOutcome(outcome);
    answerProblem(ctx, {
      code: 'flow-failed',
      title: 'The job failed',
      status: 502,
      detail,
      flow,
      ...reason,
    });
    return;
  }
  const { stored, chosen } = await findBytes(deps, view, ctx.state.signal);
  const contentType = view.plan.results.contentType;
  ctx.set('Content-Location', await addressOf(deps, view, ctx.state.signal));
  const body =
    chosen.kind === 'file' ? fileBody(stored, chosen.file, contentType) : archiveBody(stored, chosen.format);
  await sendBody(ctx, deps, body);
}

async function sendProgress(ctx: HttpContext, deps: DemoRouteDeps, flow: string): Promise<void> {
  const { signal } = ctx.state;
  const views = followFlow(deps, flow, signal);
  const events = ctx.get('Accept').includes('text/event-stream');
  const lines = progressLines({
    flow,
    views,
    now: deps.now,
    addressOf: (view) => addressOf(deps, view, signal),
  });
  ctx.status = 200;
  ctx.set({
    'Content-Type': events ? 'text/event-stream' : 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });
  ctx.respond = false;
  await pipeline(Readable.from(framed(lines, events)), ctx.res);
}

async function* framed(lines: AsyncIterable<string>, events: boolean): AsyncGenerator<string, void> {
  for await (const line of lines) yield events ? `data: ${line}\n\n` : `${line}\n`;
}

async function findBytes(
  { manifests }: DemoRouteDeps,
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

async function addressOf(deps: DemoRouteDeps, view: FlowView, signal: AbortSignal): Promise<string> {
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

function operation(operationId: string, parameters: Record<string, string>): Operation {
  return {
    operationId,
    tag: 'demo',
    summary: 'Run a template, wait, and get its result',
    description:
      'The query holds the template’s parameters. Nothing is answered before the job has ended; with `progress` in the query lines tell what happens, and the last one is the address of the result. Closing the connection cancels the job. Served where paths without a token are.',
    parameters,
    query: { progress: 'Tell what happens instead of sending the result.' },
    responses: {
      '200': {
        description: 'The result: its file, or the archive.',
        contentType: 'application/octet-stream',
      },
      '502': { description: 'The job failed; `reason` says why.', contentType: 'application/problem+json' },
    },
  };
}
