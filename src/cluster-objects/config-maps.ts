import { isUtf8 } from 'node:buffer';
import { environmentConfigMapName, filesConfigMapName } from '../flow/names.ts';
import type { ConfigMap } from '../kubernetes/types.ts';
import { buildFlowLabels, buildOwnerReference, type Owner } from './metadata.ts';
import { managedBy, managedByLabel } from '../flow/labels.ts';
import type { Template } from '../template/template.ts';

/** The worker's environment: `job.env`, then the asset's, then parameters that are not secret. */
export function buildEnvironmentConfigMap(
  flow: string,
  environment: Record<string, string>,
  owner: Owner,
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: environmentConfigMapName(flow),
      labels: buildFlowLabels(flow),
      ownerReferences: [buildOwnerReference(owner)],
    },
    data: environment,
  };
}

/**
 * A template's `files/`. Named by the template's digest and immutable: all flows of that state of the template mount it, and a changed
 * template does not change the files of an accepted flow. It has no owner, since no flow owns it alone.
 */
export function buildFilesConfigMap({ digest, files }: Pick<Template, 'digest' | 'files'>): ConfigMap {
  const entries = Object.entries(files);
  const text = entries.filter(([, content]) => isUtf8(content));
  const binary = entries.filter(([, content]) => !isUtf8(content));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: filesConfigMapName(digest), labels: { [managedByLabel]: managedBy } },
    immutable: true,
    ...(text.length === 0
      ? {}
      : { data: Object.fromEntries(text.map(([name, content]) => [name, content.toString('utf8')])) }),
    ...(binary.length === 0
      ? {}
      : {
          binaryData: Object.fromEntries(binary.map(([name, content]) => [name, content.toString('base64')])),
        }),
  };
}
