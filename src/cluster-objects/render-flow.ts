import { rest, type FlowRequest } from '../flow/flow-request.ts';
import type { KubernetesObject, Secret } from '../kubernetes/types.ts';
import type { RenderedTemplate } from '../template/template.ts';
import { buildFlowJob } from './job.ts';
import type { PodSettings } from './pod-template.ts';
import { buildCredentialsSecret, buildParametersSecret } from './secrets.ts';
import { buildEnvironmentConfigMap, buildFilesConfigMap } from './config-maps.ts';

/** Placeholders of the right form for the flow's name and the Job's identity. */
const flow = 'flow-example';
const owner = { name: flow, uid: '00000000-0000-4000-8000-000000000000' };
const acceptedAt = '2000-01-01T00:00:00.000Z';

interface RenderInput {
  assetId: string;
  rendered: RenderedTemplate;
  settings: PodSettings;
}

/** All objects of a flow in the order of their creation. Secrets and values that only a cluster knows are placeholders. */
export function renderFlow({ assetId, rendered, settings }: RenderInput): KubernetesObject[] {
  const { template, environment, secretEnvironment } = rendered;
  const request: FlowRequest = {
    ...rest,
    ids: { job: 'example' },
    assetId,
    template: template.name,
    acceptedAt,
  };
  const credentials = { accessKeyId: '', secretAccessKey: '' };
  const objects: KubernetesObject[] = [
    ...(Object.keys(template.files).length > 0 ? [buildFilesConfigMap(template)] : []),
    ...(Object.keys(secretEnvironment).length > 0 ? [hide(buildParametersSecret(flow, rendered))] : []),
    buildFlowJob({ flow, request, rendered, settings }, { environment: { values: environment } }),
    buildEnvironmentConfigMap(flow, environment, owner),
    hide(buildCredentialsSecret(flow, credentials, owner)),
  ];
  return objects.map((object) => inNamespace(object, settings.cluster.namespace));
}

/** `stringData`, so that a cluster still accepts the object. */
function hide({ data = {}, ...secret }: Secret): Secret {
  return { ...secret, stringData: Object.fromEntries(Object.keys(data).map((name) => [name, '<secret>'])) };
}

function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}
