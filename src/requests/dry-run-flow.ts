import { buildFlowObjects } from '../cluster-objects/render-flow.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { flowName } from '../flow/names.ts';
import { wordsOf } from '../kubernetes/errors.ts';
import type { ResourceClient } from '../kubernetes/resource-client.ts';
import type { ConfigMap, Job, KubernetesObject } from '../kubernetes/types.ts';
import { environmentLimitBytes, sizeOfEntries } from '../template/render-template.ts';
import { placeEnvironment, quotaAllowsNone, type AcceptDependencies } from './accept-flow.ts';
import type { DryRun, WantedFlow } from './flow-service.ts';

/** Of all annotations of one object. */
const annotationLimitBytes = 256 * 1024;

/** Sends the objects of a flow to the API server as dry runs. Neither the cluster nor the bucket is changed, and no secret leaves the process. */
export async function dryRunFlow(
  { cluster, config }: Pick<AcceptDependencies, 'cluster' | 'config'>,
  { request, rendered }: WantedFlow,
  signal: AbortSignal,
): Promise<DryRun> {
  const flow = flowName(request);
  const environment = placeEnvironment({ flow, request, rendered });
  const objects = buildFlowObjects({ flow, request, rendered, settings: config }, environment);
  const { files, parameters, job, environment: configMap, credentials } = objects;
  try {
    if (files !== undefined) await checkFiles(cluster.configMaps, files, signal);
    if (parameters !== undefined) await cluster.secrets.dryRun(parameters, signal);
    const admitted = await cluster.jobs.dryRun(job, signal);
    await cluster.configMaps.dryRun(configMap, signal);
    await cluster.secrets.dryRun(credentials, signal);
    return {
      job: withoutServerFields(admitted),
      objects: (Object.values(objects) as KubernetesObject[]).map(nameOf),
      sizes: {
        environment: { bytes: sizeOfEntries(rendered.environment), limit: environmentLimitBytes },
        annotations: { bytes: sizeOfEntries(job.metadata?.annotations ?? {}), limit: annotationLimitBytes },
      },
    };
  } catch (error) {
    throw explain(error);
  }
}

/** Flows of the same template share them. */
async function checkFiles(
  configMaps: Pick<ResourceClient<ConfigMap>, 'dryRun'>,
  files: ConfigMap,
  signal: AbortSignal,
): Promise<void> {
  try {
    await configMaps.dryRun(files, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-exists')) throw error;
  }
}

function nameOf({ kind = '', metadata }: KubernetesObject): { kind: string; name: string } {
  return { kind, name: metadata?.name ?? '' };
}

/** The server's other fields say only who wrote the object, and when. */
function withoutServerFields({ apiVersion = '', kind = '', metadata = {}, spec }: Job): Job {
  const { name = '', namespace = '', labels = {}, annotations = {}, finalizers = [] } = metadata;
  const own = { name, namespace, labels, annotations, finalizers };
  return { apiVersion, kind, metadata: own, ...(spec === undefined ? {} : { spec }) };
}

/** The caller asked what the cluster says, so that its words are shown. */
function explain(error: unknown): unknown {
  if (isServiceError(error, 'cluster-over-quota')) {
    const now = `the namespace of the Jobs has no room at present: ${wordsOf(error)}`;
    return quotaAllowsNone(error) ?? new ServiceError('unavailable', now, { cause: error });
  }
  if (isServiceError(error, 'cluster-refused'))
    return new ServiceError('dry-run-refused', `the API server refuses it: ${wordsOf(error)}`, {
      cause: error,
    });
  return error;
}
