import { rest, type FlowRequest } from '../flow/flow-request.ts';
import type { StoredEnvironment } from '../flow/flow-plan.ts';
import type { ConfigMap, Job, KubernetesObject, Secret } from '../kubernetes/types.ts';
import type { RenderedTemplate } from '../template/template.ts';
import { buildFlowJob, type JobInput } from './job.ts';
import type { PodSettings } from './pod-template.ts';
import { buildCredentialsSecret, buildParametersSecret } from './secrets.ts';
import { buildEnvironmentConfigMap, buildFilesConfigMap } from './config-maps.ts';

/** Placeholders of the right form for the flow's name and the Job's identity. */
const exampleFlow = 'flow-example';
const uid = '00000000-0000-4000-8000-000000000000';
const acceptedAt = '2000-01-01T00:00:00.000Z';

/** In the order of their creation. */
export interface FlowObjects {
  files?: ConfigMap;
  parameters?: Secret;
  job: Job;
  environment: ConfigMap;
  credentials: Secret;
}

/** All objects of a flow. Secrets and values that only a cluster knows are placeholders. */
export function buildFlowObjects(input: JobInput, environment: StoredEnvironment): FlowObjects {
  const { flow, rendered, settings } = input;
  const { template, secretEnvironment } = rendered;
  const owner = { name: flow, uid };
  const trusted = settings.pods.caFile === undefined ? {} : { authorities: '' };
  const credentials = { accessKeyId: '', secretAccessKey: '', ...trusted };
  return {
    ...(Object.keys(template.files).length > 0 ? { files: buildFilesConfigMap(template) } : {}),
    ...(Object.keys(secretEnvironment).length > 0
      ? { parameters: hide(buildParametersSecret(flow, rendered)) }
      : {}),
    job: buildFlowJob(input, { environment }),
    environment: buildEnvironmentConfigMap(flow, rendered.environment, owner),
    credentials: hide(buildCredentialsSecret(flow, credentials, owner)),
  };
}

interface RenderInput {
  assetId: string;
  rendered: RenderedTemplate;
  settings: PodSettings;
}

/** The same for an example, in the namespace of the Jobs. */
export function renderFlow({ assetId, rendered, settings }: RenderInput): KubernetesObject[] {
  const { template, environment } = rendered;
  const request: FlowRequest = {
    ...rest,
    ids: { job: 'example' },
    assetId,
    template: template.name,
    acceptedAt,
  };
  const input = { flow: exampleFlow, request, rendered, settings };
  const objects = Object.values(buildFlowObjects(input, { values: environment })) as KubernetesObject[];
  return objects.map((object) => inNamespace(object, settings.cluster.namespace));
}

/** `stringData`, so that a cluster still accepts the object. */
function hide({ data = {}, ...secret }: Secret): Secret {
  return { ...secret, stringData: Object.fromEntries(Object.keys(data).map((name) => [name, '<secret>'])) };
}

function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}
