import { chmod, writeFile } from 'node:fs/promises';

export interface ClusterAccess {
  url: string;
  token: string;
  certificateAuthority: string;
}

/** Writes a kubeconfig that only its owner can read, since its token allows to start processes. */
export async function writeKubeconfig(path: string, access: ClusterAccess): Promise<void> {
  await writeFile(path, kubeconfigText(access), { mode: 0o600 });
  // The mode above is for a new file only.
  await chmod(path, 0o600);
}

/** JSON, which is YAML too. */
function kubeconfigText({ url, token, certificateAuthority }: ClusterAccess): string {
  const name = 'embedded';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: {
          server: url,
          'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64'),
        },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
