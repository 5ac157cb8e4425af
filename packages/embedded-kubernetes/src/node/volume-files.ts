import type { KubeObject } from '../objects/kube-object.ts';
import type { DataVolume, Volume } from '../objects/pod.ts';
import type { Registry } from '../registry/types.ts';
import type { FolderFile } from './atomic-folder.ts';

/** The volume cannot be filled (yet). */
export class MountError extends Error {
  override readonly name = 'MountError';
}

export interface VolumeSource {
  resource: 'configmaps' | 'secrets';
  name: string;
  selection: DataVolume;
}

const emptyKinds = ['emptyDir', 'ephemeral'];

/** Where a volume's files come from; undefined for one that starts empty. Throws for a kind that is not supported. */
export function volumeSource(volume: Volume): VolumeSource | undefined {
  const { configMap, secret } = volume;
  if (configMap) return { resource: 'configmaps', name: configMap.name, selection: configMap };
  if (secret) return { resource: 'secrets', name: secret.secretName, selection: secret };
  const kind = Object.keys(volume).find((member) => member !== 'name') ?? 'emptyDir';
  if (emptyKinds.includes(kind)) return undefined;
  throw new MountError(
    `the embedded cluster does not support volumes of kind ${kind}, only configMap, secret, emptyDir and ephemeral`,
  );
}

/** The files of a ConfigMap or Secret volume, as they are now. */
export function volumeFiles(registry: Registry, namespace: string, source: VolumeSource): FolderFile[] {
  const { resource, name, selection } = source;
  const what = resource === 'configmaps' ? 'configmap' : 'secret';
  const object = registry.get({ resource, namespace, name });
  if (!object && !selection.optional) throw new MountError(`${what} "${name}" not found`);
  const data = object ? dataOf(object) : new Map<string, Buffer>();
  const mode = selection.defaultMode ?? 0o644;
  if (!selection.items) return [...data].map(([path, bytes]) => ({ path, data: bytes, mode }));
  return selection.items.flatMap((item) => {
    const bytes = data.get(item.key);
    if (bytes) return [{ path: item.path, data: bytes, mode: item.mode ?? mode }];
    if (selection.optional) return [];
    throw new MountError(`references non-existent ${what} key: ${item.key}`);
  });
}

function dataOf(object: KubeObject): Map<string, Buffer> {
  const texts = (object['data'] ?? {}) as Record<string, string>;
  const binaries = (object['binaryData'] ?? {}) as Record<string, string>;
  const encoding = object.kind === 'Secret' ? 'base64' : 'utf8';
  return new Map([
    ...Object.entries(texts).map(([key, value]) => [key, Buffer.from(value, encoding)] as const),
    ...Object.entries(binaries).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const),
  ]);
}
