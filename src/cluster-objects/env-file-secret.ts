import { envFileLabel, envFileVersionLabel, managedBy, managedByLabel } from '../flow/labels.ts';
import type { Secret } from '../kubernetes/types.ts';

/** The content of a secret env file. It has no owner: flows copy what they use of it. */
export function buildEnvFileSecret(
  name: string,
  { id, version, content }: { id: string; version: number; content: string },
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    immutable: true,
    metadata: {
      name,
      labels: {
        [managedByLabel]: managedBy,
        [envFileLabel]: id,
        [envFileVersionLabel]: String(version),
      },
    },
    data: { content: Buffer.from(content).toString('base64') },
  };
}

/** Undefined if it was changed by hand. */
export function readEnvFileSecret({ data }: Secret): string | undefined {
  const content = data?.['content'];
  return content === undefined ? undefined : Buffer.from(content, 'base64').toString('utf8');
}
