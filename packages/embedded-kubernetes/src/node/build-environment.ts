import type { KubeObject } from '../objects/kube-object.ts';
import type {
  Container,
  EnvironmentSource,
  EnvironmentVariable,
  KeySelector,
  Pod,
  ResourceSelector,
} from '../objects/pod.ts';
import { parseQuantity } from '../objects/quantity.ts';
import type { Registry } from '../registry/types.ts';

/** The container cannot be made from what it refers to; it may be later, once that is there. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

export interface EnvironmentRequest {
  registry: Registry;
  pod: Pod;
  container: Container;
  /** What the node has, for limits that are not set. */
  capacity: Record<string, string>;
  /** Called with the keys of a source that cannot be variables. */
  onSkipped(keys: string[], source: string): void;
}

const variableName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** The variables a pod gives to a container: `envFrom` in order, then `env`, later ones over earlier ones. */
export function buildEnvironment(request: EnvironmentRequest): Map<string, string> {
  const variables = new Map<string, string>();
  for (const source of request.container.envFrom ?? []) addSource(request, source, variables);
  for (const variable of request.container.env ?? []) {
    const value = variable.valueFrom
      ? referredValue(request, variable)
      : expandVariables(variable.value ?? '', variables);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

function addSource(
  request: EnvironmentRequest,
  source: EnvironmentSource,
  variables: Map<string, string>,
): void {
  const { configMapRef, secretRef, prefix = '' } = source;
  const reference = configMapRef ?? secretRef;
  if (!reference) return;
  const [kind, what]: [DataKind, string] = configMapRef ? ['configmaps', 'configMap'] : ['secrets', 'secret'];
  const data = dataOf(request, kind, reference) ?? {};
  const skipped: string[] = [];
  for (const [key, value] of Object.entries(data)) {
    if (isVariableName(prefix + key)) variables.set(prefix + key, value);
    else skipped.push(key);
  }
  if (skipped.length > 0) {
    request.onSkipped(skipped, `${what} ${namespaceOf(request.pod)}/${reference.name}`);
  }
}

function isVariableName(name: string): boolean {
  return variableName.test(name) && name !== '.' && !name.startsWith('..');
}

function referredValue(request: EnvironmentRequest, { valueFrom = {} }: EnvironmentVariable) {
  const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef } = valueFrom;
  if (fieldRef) return fieldValue(request.pod, fieldRef.fieldPath);
  if (configMapKeyRef) return keyValue(request, 'configmaps', configMapKeyRef);
  if (secretKeyRef) return keyValue(request, 'secrets', secretKeyRef);
  if (resourceFieldRef) return resourceValue(request, resourceFieldRef);
  throw new ContainerConfigError(
    `the embedded cluster does not support valueFrom.${Object.keys(valueFrom).join()}`,
  );
}

function keyValue(request: EnvironmentRequest, kind: DataKind, { name, key, optional = false }: KeySelector) {
  const value = dataOf(request, kind, { name, optional })?.[key];
  if (value !== undefined || optional) return value;
  const what = kind === 'configmaps' ? 'ConfigMap' : 'Secret';
  throw new ContainerConfigError(`couldn't find key ${key} in ${what} ${namespaceOf(request.pod)}/${name}`);
}

type DataKind = 'configmaps' | 'secrets';

function dataOf(
  { registry, pod }: EnvironmentRequest,
  resource: DataKind,
  reference: { name: string; optional?: boolean },
): Record<string, string> | undefined {
  const object = registry.get({ resource, namespace: namespaceOf(pod), name: reference.name });
  if (object) return textData(resource, object);
  if (reference.optional) return undefined;
  throw new ContainerConfigError(`${resource.slice(0, -1)} "${reference.name}" not found`);
}

function textData(resource: DataKind, object: KubeObject): Record<string, string> {
  const data = (object['data'] ?? {}) as Record<string, string>;
  if (resource === 'configmaps') return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

function namespaceOf({ metadata }: Pod): string {
  return metadata.namespace ?? '';
}

function fieldValue(pod: Pod, path: string): string {
  const { metadata, spec, status } = pod;
  const entry = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (entry) return metadata[entry[1] as 'labels' | 'annotations']?.[entry[2] ?? ''] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': status.podIP,
    'status.hostIP': status.podIP,
  };
  if (path in fields) return fields[path] ?? '';
  throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
}

function resourceValue({ pod, container, capacity }: EnvironmentRequest, reference: ResourceSelector) {
  const [list = '', name = ''] = reference.resource.split('.');
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const target = all.find((each) => each.name === reference.containerName) ?? container;
  const set = target.resources?.[list as 'limits' | 'requests']?.[name];
  const unset = list === 'limits' ? capacity[name] : '0';
  return divided(set ?? unset ?? '0', reference.divisor);
}

// A divisor of 0 is how a server writes down that there is none.
function divided(quantity: string, divisor = '0'): string {
  return String(Math.ceil(parseQuantity(quantity) / (parseQuantity(divisor) || 1)));
}

/**
 * Kubernetes' `$(NAME)`: replaced by the variable's value, left alone if there is none; `$$(NAME)` is an escaped
 * `$(NAME)`. What was replaced is not looked at again.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? match;
  });
}
