import { hash } from 'node:crypto';
import type { EnvFileSource } from '../../../../env-files/env-file.ts';
import { rest, type FlowRequest } from '../../../../flow/flow-request.ts';
import { flowName } from '../../../../flow/names.ts';
import type { FlowService } from '../../../../requests/flow-service.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import { checkMayStart, checkTemplateAccess, type Caller } from '../../../access/caller.ts';
import { chooseTemplate } from '../../../../template/choose-template.ts';
import { checkGivenEnvironment } from '../../../../template/given-environment.ts';
import { renderWithEnvFiles } from '../../../../template/env-files.ts';
import type { RenderedTemplate, ResolvedInput, Template } from '../../../../template/template.ts';
import { checkLabels } from './check-labels.ts';
import { keyReused } from './idempotency-key.ts';
import { readPriority, type Priorities } from './read-priority.ts';
import type { JobInputs, KnownRequest } from './resolve-job-inputs.ts';
import { StartSchema, type StartBody } from './job-schema.ts';

export interface StartDependencies {
  templates: readonly Template[];
  envFiles: EnvFileSource;
  flows: Pick<FlowService, 'accept'>;
  inputs: JobInputs;
  priorities: Priorities;
  now: () => Date;
  newId: () => string;
}

export type Planning = Omit<StartDependencies, 'flows'>;

/** A job that has been checked and not been created. */
export interface PlannedJob {
  request: FlowRequest;
  rendered: RenderedTemplate;
}

const readStart = bodyReader(StartSchema);

export interface WantedJob {
  caller: Caller;
  body: object;
  /** In place of the body: by which a repeat of the request is known. */
  identity?: object;
  /** Of the header `Idempotency-Key`: a repeat of the caller's request finds the first one's job. */
  key: string | undefined;
  /** In place of those that the body names. */
  inputs?: readonly ResolvedInput[];
  /** The job that it repeats. */
  retryOf?: string;
  /** Digest of the batch that it is part of: with the same key it is another job in another batch. */
  batch?: string;
}

/** Checks what the service itself can check. Throws an error that names each wrong member. */
export async function planJob(deps: Planning, wanted: WantedJob, signal: AbortSignal): Promise<PlannedJob> {
  const { caller, body: received, identity, key, retryOf, batch } = wanted;
  checkMayStart(caller);
  const body = readStart(received);
  checkTemplateAccess(caller, body.template);
  const contentDigest = hash('sha256', canonical({ ...(identity ?? body), retryOf, batch }));
  const ids = idsOf(caller, key ?? deps.newId());
  const known = { flow: flowName({ ...rest, ids }), contentDigest, isNew: key === undefined };
  const rendered = await render(deps, { ...wanted, body, known }, signal);
  checkLabels(body.labels ?? {}, rendered);
  return { request: buildRequest(deps, { ...wanted, body, rendered, ids, contentDigest }), rendered };
}

/** Returns the id of the job, which is new unless a request with the same key and body has started it. */
export async function startJob(
  { flows }: Pick<StartDependencies, 'flows'>,
  { request, rendered }: PlannedJob,
  signal: AbortSignal,
): Promise<{ id: string; created: boolean }> {
  const id = flowName(request);
  const acceptance = await flows.accept({ request, rendered }, signal);
  if (!acceptance.created && acceptance.found?.request.contentDigest !== request.contentDigest)
    throw keyReused();
  return { id, created: acceptance.created };
}

async function render(
  { templates, envFiles, inputs }: Planning,
  { caller, body, known, inputs: kept }: WantedJob & { body: StartBody; known: KnownRequest },
  signal: AbortSignal,
): Promise<RenderedTemplate> {
  const { template: name, assetId: given, parameters = {}, environment = {}, inputs: references = {} } = body;
  const template = chooseTemplate(templates, { template: name, assetId: given ?? name });
  checkGivenEnvironment(template, environment);
  const files = kept ?? (await inputs({ template, references, owner: caller, ...known }, signal));
  const assetId = given ?? defaultAsset(template);
  const { connector } = rest;
  const env = template.envFiles.length === 0 ? [] : await envFiles.current({ connector, assetId }, signal);
  const rendered = renderWithEnvFiles(template, { assetId, parameters, environment, inputs: files }, env);
  // A retry gives them again.
  return { ...rendered, given: { ...environment, ...rendered.given } };
}

/** The id of the job that the caller has started, or will start, with this key. */
export function jobOfKey(caller: Caller, key: string): string {
  return flowName({ ...rest, ids: idsOf(caller, key) });
}

/** Callers may choose the same key. */
function idsOf({ name: caller }: Caller, requestId: string): Record<string, string> {
  return { caller, requestId };
}

/** Whose parameters a job gets that names no asset. */
function defaultAsset({ assets: [first], name }: Template): string {
  return first?.id ?? name;
}

function buildRequest(
  { now, priorities }: Planning,
  {
    caller,
    body,
    rendered,
    ids,
    retryOf,
    contentDigest,
  }: WantedJob & Pick<FlowRequest, 'ids' | 'contentDigest'> & { body: StartBody; rendered: RenderedTemplate },
): FlowRequest {
  const { template } = rendered;
  const { labels } = body;
  return {
    ...rest,
    caller: caller.name,
    ids,
    assetId: body.assetId ?? defaultAsset(template),
    template: template.name,
    ...(labels === undefined ? {} : { labels }),
    ...readPriority(body.priority, priorities),
    ...(retryOf === undefined ? {} : { retryOf }),
    ...(contentDigest === undefined ? {} : { contentDigest }),
    acceptedAt: now().toISOString(),
  };
}

/** The same for members in another order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
