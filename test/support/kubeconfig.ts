import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** What a kubeconfig of tests says: one cluster, one user. */
export interface ClusterAccess {
  server: string;
  /** PEM; undefined: the server's certificate is not looked at. */
  ca: string | undefined;
  user: { token: string } | { tokenFile: string };
}

interface Kubeconfig {
  clusters: [
    { cluster: { server: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string } },
  ];
  users: [{ user: ClusterAccess['user'] }];
}

export async function readKubeconfig(path: string): Promise<ClusterAccess> {
  const { clusters, users } = parse(await readFile(path, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': data, 'certificate-authority': file } = clusters[0].cluster;
  const ca = data === undefined ? file && (await readFile(file, 'utf8')) : Buffer.from(data, 'base64');
  return { server, ca: ca?.toString(), user: users[0].user };
}

/** Returns its path. */
export async function writeKubeconfig(path: string, { server, ca, user }: ClusterAccess): Promise<string> {
  const trust =
    ca === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, ...trust } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  await writeFile(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

/** The same access by way of a proxy, which has no certificate that the cluster's authority signed. Returns its path. */
export async function writeProxiedKubeconfig(
  path: string,
  { access, proxy }: { access: ClusterAccess; proxy: string },
): Promise<string> {
  return await writeKubeconfig(path, { ...access, server: proxy, ca: undefined });
}
