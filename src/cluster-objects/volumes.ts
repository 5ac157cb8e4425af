import { credentialsSecretName, filesConfigMapName } from '../flow/names.ts';
import type { Volume } from '../kubernetes/types.ts';
import type { Template } from '../template/template.ts';

/** Volumes of ours: a template may not use these names. */
export const volumeName = {
  results: 'results',
  sidecarState: 'sidecar-state',
  credentials: 'store-credentials',
  files: 'files',
} as const;

/** What the sidecar's journal and started file need at most. */
const sidecarStateLimit = '64Mi';

export function buildVolumes(flow: string, template: Template): Volume[] {
  const files = Object.keys(template.files).length > 0;
  return [
    buildResultsVolume(template.results.storage),
    { name: volumeName.sidecarState, emptyDir: { sizeLimit: sidecarStateLimit } },
    {
      name: volumeName.credentials,
      // The group (fsGroup) reads it, and nobody else.
      secret: { secretName: credentialsSecretName(flow), defaultMode: 0o440 },
    },
    ...(files ? [buildFilesVolume(template)] : []),
  ];
}

/** The template's own; a claim is mounted read-only unless its author says otherwise. */
export function buildOwnVolumes(volumes: readonly Volume[]): Volume[] {
  return volumes.map((volume) => {
    const claim = volume.persistentVolumeClaim;
    return claim === undefined ? volume : { ...volume, persistentVolumeClaim: { readOnly: true, ...claim } };
  });
}

/** Without a storage class the node's disk, bounded; with one a volume that lives as long as the pod. */
function buildResultsVolume({ size, storageClass }: Template['results']['storage']): Volume {
  if (storageClass === undefined) return { name: volumeName.results, emptyDir: { sizeLimit: size } };
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: size } },
  };
  return { name: volumeName.results, ephemeral: { volumeClaimTemplate: { spec } } };
}

/** Readable and executable for all: scripts in `files/` may be started directly. */
function buildFilesVolume({ digest }: Template): Volume {
  return { name: volumeName.files, configMap: { name: filesConfigMapName(digest), defaultMode: 0o555 } };
}
