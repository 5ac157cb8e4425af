import { createHash } from 'node:crypto';
import type { FrozenEnvironment } from '../flow/annotations.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { flowName } from '../flow/names.ts';
import { isServiceError } from '../errors.ts';
import type { RenderedTemplate } from '../template/template.ts';
import type { Provisioner } from './provisioner.ts';
import type { Acceptance } from './flow-service.ts';
import { buildFlowJob, contentDigest } from './build-flow-job.ts';
import { findFlow } from './find-flow.ts';
import { buildFilesConfigMap } from './resources/files-config-map.ts';
import { buildParametersSecret } from './resources/parameters-secret.ts';

/** Annotations of one object may hold 256 KiB together; beyond this the environment goes to the bucket. */
const inlineEnvironmentBytes = 64 * 1024;

/**
 * Makes one flow of a request: what the Job will need first, the suspended Job last. Whoever creates the Job has accepted the
 * flow; all that came before it is named by content or by flow and harmless to make twice.
 */
export async function acceptFlow(
  deps: Provisioner,
  { request, rendered }: AcceptRequest,
  signal: AbortSignal,
): Promise<Acceptance> {
  const flow = flowName(request);
  const content = contentDigest(request);
  const known = await findFlow(deps, flow, signal);
  if (known !== undefined) return known.content === content ? 'repeated' : 'conflict';

  await createUnlessThere(
    () => deps.cluster.configMaps.create(buildFilesConfigMap(rendered.template), signal),
    hasFiles(rendered),
  );
  const secrets = rendered.secretEnvironment;
  await createUnlessThere(
    () => deps.cluster.secrets.create(buildParametersSecret(flow, secrets), signal),
    Object.keys(secrets).length > 0,
  );
  const environment = await freezeEnvironment(deps, { flow, values: rendered.environment }, signal);

  const job = buildFlowJob({ flow, request, rendered, settings: deps.settings }, environment);
  if (await createUnlessThere(() => deps.cluster.jobs.create(job, signal), true)) return 'created';
  const winner = await findFlow(deps, flow, signal);
  return winner === undefined || winner.content === content ? 'repeated' : 'conflict';
}

interface AcceptRequest {
  request: FlowRequest;
  rendered: RenderedTemplate;
}

function hasFiles(rendered: RenderedTemplate): boolean {
  return Object.keys(rendered.template.files).length > 0;
}

/** True if this call made it. */
async function createUnlessThere(create: () => Promise<unknown>, wanted: boolean): Promise<boolean> {
  if (!wanted) return false;
  try {
    await create();
    return true;
  } catch (error) {
    if (isServiceError(error, 'cluster-exists')) return false;
    throw error;
  }
}

async function freezeEnvironment(
  { store }: Provisioner,
  { flow, values }: { flow: string; values: Record<string, string> },
  signal: AbortSignal,
): Promise<FrozenEnvironment> {
  const body = Buffer.from(JSON.stringify(values));
  if (body.length <= inlineEnvironmentBytes) return { values };
  const key = `flows/${flow}/environment.json`;
  await store.put(key, body, { contentType: 'application/json' }, signal);
  return { key, sha256: createHash('sha256').update(body).digest('hex') };
}
