import { setDefaults } from '../../objects/copy.ts';
import {
  containersOf,
  type UncheckedContainer,
  type UncheckedPodSpec,
  type UncheckedVolume,
} from '../../objects/pod.ts';
import type { Causes } from '../causes.ts';
import { checkLabelName } from '../check-metadata.ts';

/** Completes a pod's spec as a real server does, so that what is read back looks familiar. */
export function applyPodSpecDefaults(spec: UncheckedPodSpec): void {
  setDefaults(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  for (const container of containersOf(spec)) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

function defaultContainer(container: UncheckedContainer): void {
  setDefaults(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent',
  });
  const needs = (container.resources ??= {});
  if (needs.limits) needs.requests = { ...needs.limits, ...needs.requests };
  defaultProbes(container);
  defaultFieldReferences(container);
}

function defaultProbes({ startupProbe, livenessProbe, readinessProbe }: UncheckedContainer): void {
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
    if (!probe) continue;
    setDefaults(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  }
}

function defaultFieldReferences(container: UncheckedContainer): void {
  for (const { valueFrom } of container.env ?? []) {
    const reference = valueFrom?.['fieldRef'] as { apiVersion?: string } | undefined;
    if (reference) reference.apiVersion ??= 'v1';
  }
}

function isLatest(image: string): boolean {
  const last = image.slice(image.lastIndexOf('/') + 1);
  if (last.includes('@')) return false;
  return !last.includes(':') || last.endsWith(':latest');
}

function defaultVolume(volume: UncheckedVolume): void {
  if (Object.keys(volume).every((member) => member === 'name')) volume['emptyDir'] = {};
  for (const source of [volume.configMap, volume.secret]) {
    if (source) source.defaultMode ??= 420;
  }
}

/** Checks what would make a real server refuse the pod; `path` is where the spec is in the object. */
export function checkPodSpec(spec: UncheckedPodSpec, path: string, causes: Causes): void {
  if ((spec.containers ?? []).length === 0) causes.required(`${path}.containers`);
  const volumes = checkVolumes(spec.volumes ?? [], `${path}.volumes`, causes);
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const at = `${path}.${list}[${index}]`;
      const place = { container, at, names, volumes, isInit: list === 'initContainers' };
      checkContainerName(place, causes);
      checkContainer(place, causes);
      checkMounts(place, causes);
      checkContainerRestart(place, causes);
    }
  }
}

function checkVolumes(volumes: UncheckedVolume[], path: string, causes: Causes): Set<string> {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = volume.name ?? '';
    if (name === '') causes.required(`${at}.name`);
    else checkLabelName(name, `${at}.name`, causes);
    if (names.has(name)) causes.duplicate(`${at}.name`, name);
    if (Object.keys(volume).length > 2) causes.forbidden(at, 'may not specify more than 1 volume type');
    checkSource(volume, at, causes);
    names.add(name);
  }
  return names;
}

function checkSource({ secret, configMap }: UncheckedVolume, at: string, causes: Causes): void {
  if (secret && !secret.secretName) causes.required(`${at}.secret.secretName`);
  if (configMap && !configMap.name) causes.required(`${at}.configMap.name`);
  checkItems(secret?.items, `${at}.secret.items`, causes);
  checkItems(configMap?.items, `${at}.configMap.items`, causes);
}

function checkItems(items: { key?: string; path?: string }[] = [], at: string, causes: Causes): void {
  for (const [index, { key, path }] of items.entries()) {
    if (!key) causes.required(`${at}[${index}].key`);
    if (!path) causes.required(`${at}[${index}].path`);
    else if (path.startsWith('/') || path.split('/').includes('..'))
      causes.invalid(`${at}[${index}].path`, path, "must be a relative path and not contain '..'");
  }
}

interface ContainerPlace {
  container: UncheckedContainer;
  at: string;
  /** Names of the containers before it. */
  names: Set<string>;
  volumes: Set<string>;
  isInit: boolean;
}

function checkContainerName({ container, at, names }: ContainerPlace, causes: Causes): void {
  const name = container.name ?? '';
  if (name === '') causes.required(`${at}.name`);
  else checkLabelName(name, `${at}.name`, causes);
  if (names.has(name)) causes.duplicate(`${at}.name`, name);
  names.add(name);
  const image = container.image ?? '';
  if (image === '') causes.required(`${at}.image`);
}

function checkContainer({ container, at }: ContainerPlace, causes: Causes): void {
  for (const [index, variable] of (container.env ?? []).entries()) {
    const field = `${at}.env[${index}]`;
    if (!variable.name) causes.required(`${field}.name`);
    if (variable.value && variable.valueFrom) {
      causes.invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty');
    }
  }
  if (container.imagePullPolicy !== undefined) {
    causes.oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  }
}

function checkMounts({ container, at, volumes }: ContainerPlace, causes: Causes): void {
  const mounts = `${at}.volumeMounts`;
  const paths = new Set<string>();
  for (const [index, { name = '', mountPath = '' }] of (container.volumeMounts ?? []).entries()) {
    if (name === '') causes.required(`${mounts}[${index}].name`);
    else if (!volumes.has(name)) causes.notFound(`${mounts}[${index}].name`, name);
    if (mountPath === '') causes.required(`${mounts}[${index}].mountPath`);
    else if (paths.has(mountPath))
      causes.invalid(`${mounts}[${index}].mountPath`, mountPath, 'must be unique');
    paths.add(mountPath);
  }
}

function checkContainerRestart({ container, at, isInit }: ContainerPlace, causes: Causes): void {
  const { restartPolicy } = container;
  if (restartPolicy === undefined) return;
  if (isInit) causes.oneOf(`${at}.restartPolicy`, restartPolicy, ['Always']);
  else causes.forbidden(`${at}.restartPolicy`, 'may not be set for non-init containers');
}
