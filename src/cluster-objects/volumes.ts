import { credentialsSecretName, filesConfigMapName } from '../flow/names.ts';
import type { Volume } from '../kubernetes/types.ts';
import type { Template } from '../template/template.ts';

/** Volumes that the service adds: a template may not use these names. */
export const volumeName = {
  results: 'results',
  sidecarState: 'sidecar-state',
  credentials: 'store-credentials',
  files: 'files',
} as const;

/** Enough for the sidecar's journal and started file. */
const sidecarStateLimit = '64Mi';

export function buildVolumes(flow: string, template: Template): Volume[] {
  const files = Object.keys(template.files).length > 0;
  return [
    buildResultsVolume(template.results.storage),
    { name: volumeName.sidecarState, emptyDir: { sizeLimit: sidecarStateLimit } },
    {
      name: volumeName.credentials,
      // Readable by the fsGroup only.
      secret: { secretName: credentialsSecretName(flow), defaultMode: 0o440 },
    },
    ...(files ? [buildFilesVolume(template)] : []),
  ];
}

/** The template's volumes. A claim is mounted read-only by default. */
export function buildOwnVolumes(volumes: readonly Volume[]): Volume[] {
  return volumes.map((volume) => {
    const claim = volume.persistentVolumeClaim;
    return claim === undefined ? volume : { ...volume, persistentVolumeClaim: { readOnly: true, ...claim } };
  });
}

/** Without a storage class: the node's disk, with a limit. With one: an ephemeral volume. */
function buildResultsVolume({ size, storageClass }: Template['results']['storage']): Volume {
  if (storageClass === undefined) return { name: volumeName.results, emptyDir: { sizeLimit: size } };
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: size } },
  };
  return { name: volumeName.results, ephemeral: { volumeClaimTemplate: { spec } } };
}

/** Readable and executable for all, so that scripts in `files/` can be run directly. */
function buildFilesVolume({ digest }: Template): Volume {
  return { name: volumeName.files, configMap: { name: filesConfigMapName(digest), defaultMode: 0o555 } };
}
