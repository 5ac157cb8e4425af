import { inputBytes, type FlowInput } from '../flow/flow-input.ts';
import { credentialsSecretName, filesConfigMapName, inputUrlsSecretName } from '../flow/names.ts';
import type { Volume } from '../kubernetes/types.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';

/** Volumes that the service adds: a template may not use these names. */
export const volumeName = {
  results: 'results',
  sidecarState: 'sidecar-state',
  credentials: 'store-credentials',
  files: 'files',
  inputs: 'inputs',
  inputUrls: 'input-urls',
} as const;

/** Enough for the sidecar's journal and started file. */
const sidecarStateLimit = '64Mi';

/** A file takes whole blocks of the disk. */
const inputsSlackBytes = 16 * 1024 * 1024;

export function buildVolumes(flow: string, { template, inputs, inputUrls }: RenderedTemplate): Volume[] {
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
    ...(inputs.length > 0
      ? [{ name: volumeName.inputs, emptyDir: { sizeLimit: String(inputsSize(inputs)) } }]
      : []),
    ...(Object.keys(inputUrls).length > 0
      ? [
          {
            name: volumeName.inputUrls,
            secret: { secretName: inputUrlsSecretName(flow), defaultMode: 0o440 },
          },
        ]
      : []),
  ];
}

/** Room for all inputs, in bytes. */
export function inputsSize(inputs: readonly FlowInput[]): number {
  return inputs.reduce((sum, input) => sum + inputBytes(input), inputsSlackBytes);
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
