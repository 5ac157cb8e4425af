import { credentialsSecretName } from '../../flow/names.ts';
import type { Secret } from '../../kubernetes/types.ts';
import type { ScopedCredentials } from '../../storage/scoped-credentials.ts';
import { buildFlowLabels } from './labels.ts';
import { buildOwnerReference, type Owner } from './owner.ts';

/**
 * Keys of the object store for one flow's prefix, which the sidecar alone mounts. A member that the credentials lack is an empty file:
 * a merge patch over minted keys would otherwise leave the old token beside new static ones.
 */
export function buildCredentialsSecret(flow: string, credentials: ScopedCredentials, owner: Owner): Secret {
  const { accessKeyId, secretAccessKey, sessionToken = '', expiration = '' } = credentials;
  const members = Object.entries({ accessKeyId, secretAccessKey, sessionToken, expiration });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: credentialsSecretName(flow),
      labels: buildFlowLabels(flow),
      ownerReferences: [buildOwnerReference(owner)],
    },
    data: Object.fromEntries(members.map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  };
}
