import type { HttpConfig } from '../../../config/config.ts';
import { isServiceError, ServiceError } from '../../../errors.ts';
import { rest, type FlowRequest } from '../../../flow/flow-request.ts';
import { flowName, isFlowName } from '../../../flow/names.ts';
import type { FlowService, FlowView } from '../../../requests/flow-service.ts';
import { renderTemplate } from '../../../template/render-template.ts';
import type { RenderedTemplate, Template } from '../../../template/template.ts';
import { pickTemplate } from '../../../template/pick-template.ts';
import { checkSite } from '../../check-site.ts';
import { cancelAbandoned } from './cancel-abandoned.ts';
import { followFlow, type Follower } from './follow-flow.ts';
import { progressLines } from './progress-lines.ts';
import { doneEvent, eventStreamType, frameEvents, type StreamedEvent } from '../../event-stream.ts';
import type { HttpContext, Operation, Route } from '../../route.ts';
import { sendStream } from '../../send-stream.ts';
import { addressOf, sendResult, type DemoResultDeps } from './demo-result.ts';

export interface DemoRouteDeps extends DemoResultDeps {
  http: Pick<HttpConfig, 'publicUrl' | 'answerDeadlineMillis'>;
  templates: readonly Template[];
  flows: Pick<FlowService, 'accept' | 'view' | 'end'>;
  now: () => Date;
  newId: () => string;
  poll?: Follower['poll'];
}

/** Runs a template, waits, and sends the result, all in one request. A client that leaves early cancels the job. */
export function demoRoutes(deps: DemoRouteDeps): Route[] {
  function handle(ctx: HttpContext): Promise<void> {
    return runDemo(ctx, deps);
  }
  const common = {
    method: 'GET',
    access: 'unauthenticated',
    answersHead: false,
    deadline: 'exempt',
    handle,
  } as const;
  const parameters = { template: 'Name of the template to run.' };
  return [
    { ...common, path: '/demo', operation: operation('runDemo', {}) },
    { ...common, path: '/demo/:template', operation: operation('runDemoTemplate', parameters) },
  ];
}

async function runDemo(ctx: HttpContext, deps: DemoRouteDeps): Promise<void> {
  checkSite(ctx);
  if (wantsEvents(ctx) && ctx.get('Last-Event-ID') !== '') {
    await resumeProgress(ctx, deps);
    return;
  }
  const query = new URLSearchParams(ctx.querystring);
  const progress = query.has('progress') || wantsEvents(ctx);
  query.delete('progress');
  const rendered = render(pickTemplate(deps.templates, ctx.params['template']), query);
  const request = buildRequest(deps, rendered);
  const flow = flowName(request);
  await cancelUnlessEnded(ctx, deps, flow, async (ended) => {
    await acceptFlow(deps, { request, rendered }, ended);
    if (progress) await sendProgress(ctx, deps, { flow, ended });
    else await sendResult(ctx, deps, await waitForOutcome(ctx, deps, { flow, ended }));
  });
}

/** A refusal has created no Job. After any other error, such as a timeout, the Job may exist. */
async function acceptFlow(
  { flows, http }: DemoRouteDeps,
  { request, rendered }: { request: FlowRequest; rendered: RenderedTemplate },
  ended: () => void,
): Promise<void> {
  try {
    // Not the client's signal: the Job can be cancelled only when it is known to exist.
    await flows.accept({ request, rendered }, AbortSignal.timeout(http.answerDeadlineMillis));
  } catch (error) {
    if (isServiceError(error, 'cluster-refused', 'store-refused', 'bucket-missing')) ended();
    throw error;
  }
}

/** For an EventSource that connects again: continues with its flow, or answers 204 if it has seen the end. Runs no job. */
async function resumeProgress(ctx: HttpContext, deps: DemoRouteDeps): Promise<void> {
  const flow = ctx.get('Last-Event-ID');
  const view = isFlowName(flow) ? await deps.flows.view(flow, ctx.state.signal) : undefined;
  if (view?.request.dialect !== rest.dialect) {
    ctx.status = 204;
    return;
  }
  await cancelUnlessEnded(ctx, deps, flow, (ended) => sendProgress(ctx, deps, { flow, ended }));
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
    ...rest,
    ids: { requestId: newId() },
    assetId: assetOf(template),
    template: template.name,
    acceptedAt: now().toISOString(),
  };
}

function assetOf(template: Template): string {
  return template.assets[0]?.id ?? template.name;
}

interface Followed {
  flow: string;
  /** To be called when the flow has an outcome and need not be cancelled any more. */
  ended: () => void;
}

function cancelUnlessEnded(
  ctx: HttpContext,
  { flows, poll }: DemoRouteDeps,
  ...[flow, run]: [string, (ended: () => void) => Promise<void>]
): Promise<void> {
  const { log, signal } = ctx.state;
  return cancelAbandoned({ flows, flow, log, firstMillis: poll?.firstMillis }, signal, run);
}

async function* viewsOf(
  { state: { signal } }: HttpContext,
  deps: DemoRouteDeps,
  { flow, ended }: Followed,
): AsyncGenerator<FlowView, void> {
  for await (const view of followFlow(deps, flow, signal)) {
    if (view.outcome !== undefined) ended();
    yield view;
  }
}

async function waitForOutcome(ctx: HttpContext, deps: DemoRouteDeps, followed: Followed): Promise<FlowView> {
  let last: FlowView | undefined;
  for await (const view of viewsOf(ctx, deps, followed)) last = view;
  if (last === undefined) throw new ServiceError('gone', `${followed.flow} does not exist any more`);
  return last;
}

async function sendProgress(ctx: HttpContext, deps: DemoRouteDeps, followed: Followed): Promise<void> {
  const { flow } = followed;
  let end = 'given up';
  async function* views(): AsyncGenerator<FlowView, void> {
    for await (const view of viewsOf(ctx, deps, followed)) {
      end = view.outcome?.phase ?? end;
      yield view;
    }
  }
  const lines = progressLines({
    flow,
    views: views(),
    now: deps.now,
    addressOf: (view) => addressOf(deps, view, ctx.state.signal),
  });
  const text = wantsEvents(ctx)
    ? { contentType: eventStreamType, chunks: frameEvents(toEvents(flow, lines, () => end)) }
    : { contentType: 'text/plain; charset=utf-8', chunks: endLines(lines) };
  await sendStream(ctx, text);
}

/** The id of each line is the flow, by which an EventSource that connects again continues with it. */
async function* toEvents(
  flow: string,
  lines: AsyncIterable<string>,
  end: () => string,
): AsyncGenerator<StreamedEvent, void> {
  for await (const data of lines) yield { id: flow, data };
  yield doneEvent(flow, end());
}

function wantsEvents(ctx: HttpContext): boolean {
  return ctx.get('Accept').includes(eventStreamType);
}

async function* endLines(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const line of lines) yield `${line}\n`;
}

function operation(operationId: string, parameters: Record<string, string>): Operation {
  return {
    operationId,
    tag: 'demo',
    summary: 'Run a template, wait, and get its result',
    description:
      'The query holds the template’s parameters. The answer comes when the job has ended; with `progress` in the query it is lines about each step, the last of which is the address of the result. An EventSource that connects again, with Last-Event-ID, gets the state of its job, or 204 if it has ended; no other job is run. Closing the connection cancels the job. Only served to clients that `http.unauthenticated` allows.',
    parameters,
    query: { progress: 'Send lines about each step instead of the result.' },
    responses: {
      '200': {
        description: 'The result: its file, or the archive.',
        contentType: '*/*',
      },
      '204': { description: 'The EventSource has seen the end.' },
      '502': { description: 'The job failed; `reason` says why.', contentType: 'application/problem+json' },
    },
  };
}
