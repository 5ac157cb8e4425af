import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import type { Container, Pod, Volume } from '../objects/pod.ts';
import type { Registry } from '../registry/types.ts';
import { type FolderFile, replaceFiles } from './atomic-folder.ts';
import type { PathMapping } from './rewrite-paths.ts';
import { MountError, volumeFiles, volumeSource } from './volume-files.ts';

/** The folders that are a pod's volumes. */
export interface PodVolumes {
  /** Fills the volumes that are not yet; answers what is in the way of the first that cannot be. */
  mount(): string | undefined;
  /** Brings the files of a changed ConfigMap or Secret into the volumes that show it. */
  refresh(changed: { resource: string; name: string }): void;
  mappings(container: Container): PathMapping[];
}

export function createPodVolumes(registry: Registry, pod: Pod, folder: string): PodVolumes {
  const written = new Map<string, FolderFile[]>();
  const mounted = new Set<string>();

  function fill(volume: Volume): void {
    const source = volumeSource(volume);
    const path = join(folder, volume.name);
    if (source) {
      const files = volumeFiles(registry, pod.metadata.namespace ?? '', source);
      if (isDeepStrictEqual(files, written.get(volume.name))) return;
      replaceFiles(path, files);
      written.set(volume.name, files);
    } else {
      mkdirSync(path, { recursive: true });
    }
    mounted.add(volume.name);
  }

  return {
    mount() {
      for (const volume of pod.spec.volumes ?? []) {
        const problem = mounted.has(volume.name) ? undefined : problemOf(fill, volume);
        if (problem !== undefined) return `MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`;
      }
      return undefined;
    },
    refresh({ resource, name }) {
      for (const volume of pod.spec.volumes ?? []) {
        const source = mounted.has(volume.name) ? volumeSource(volume) : undefined;
        // What cannot be shown any more stays as it was, as on a kubelet.
        if (source?.resource === resource && source.name === name) problemOf(fill, volume);
      }
    },
    mappings: ({ volumeMounts = [] }) =>
      volumeMounts.map(({ name, mountPath }) => ({ inside: mountPath, outside: join(folder, name) })),
  };
}

function problemOf(fill: (volume: Volume) => void, volume: Volume): string | undefined {
  try {
    fill(volume);
    return undefined;
  } catch (error) {
    if (error instanceof MountError) return error.message;
    throw error;
  }
}
