import { workerContainer } from '../flow/attempt.ts';
import { inputsDirectory, inputVariable } from '../flow/flow-input.ts';
import { environmentConfigMapName, parametersSecretName } from '../flow/names.ts';
import type { Container, Job } from '../kubernetes/types.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';
import type { PodSettings } from './pod-template.ts';
import { buildSecurityContext } from './security-context.ts';
import { volumeName } from './volumes.ts';

/** The template's worker with what the service adds: environment, results, files, inputs, GPU, security context. */
export function buildWorker(flow: string, rendered: RenderedTemplate, settings: PodSettings): Container {
  const { template, inputs } = rendered;
  const container = buildOwnContainer(flow, rendered, workerOf(rendered.job) ?? { name: workerContainer });
  return {
    ...container,
    env: [
      ...(container.env ?? []),
      { name: 'RESULT_DIRECTORY', value: template.results.directory },
      ...inputs.map(({ name, path }) => ({ name: inputVariable(name), value: path })),
    ],
    resources: withGpu(container, template.gpu, settings.pods.gpu.resource),
    volumeMounts: [
      ...(container.volumeMounts ?? []),
      { name: volumeName.results, mountPath: template.results.directory },
      ...filesMount(template),
      ...(inputs.length > 0 ? [{ name: volumeName.inputs, mountPath: inputsDirectory, readOnly: true }] : []),
    ],
  };
}

/** A container of the template. */
export function buildOwnContainer(flow: string, rendered: RenderedTemplate, container: Container): Container {
  const secret = Object.keys(rendered.secretEnvironment).length > 0;
  return {
    ...container,
    // Later sources win: parameters override the template's own sources.
    envFrom: [
      ...(container.envFrom ?? []),
      { configMapRef: { name: environmentConfigMapName(flow) } },
      ...(secret ? [{ secretRef: { name: parametersSecretName(flow, rendered.digest) } }] : []),
    ],
    ...(container.resources === undefined ? {} : { resources: asText(container.resources) }),
    securityContext: buildSecurityContext(container.securityContext?.readOnlyRootFilesystem === true),
  };
}

type Resources = NonNullable<Container['resources']>;

/** Quantities in YAML and parameters may be numbers; the API server returns text. */
function asText({ requests, limits }: Resources): Resources {
  return {
    ...(requests === undefined ? {} : { requests: quantitiesAsText(requests) }),
    ...(limits === undefined ? {} : { limits: quantitiesAsText(limits) }),
  };
}

function quantitiesAsText(quantities: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, String(quantity)]));
}

export function workerOf(job: Job): Container | undefined {
  return job.spec?.template.spec?.containers.find(({ name }) => name === workerContainer);
}

export function workerImage(job: Job): string {
  return workerOf(job)?.image ?? '';
}

/** An extended resource takes the same request and limit. */
function withGpu({ resources }: Container, count: number, resource: string): Resources {
  if (count === 0) return resources ?? {};
  const amount = { [resource]: String(count) };
  return {
    ...resources,
    requests: { ...resources?.requests, ...amount },
    limits: { ...resources?.limits, ...amount },
  };
}

function filesMount({ files, filesMountPath }: Template): NonNullable<Container['volumeMounts']> {
  if (Object.keys(files).length === 0) return [];
  return [{ name: volumeName.files, mountPath: filesMountPath, readOnly: true }];
}
