import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import type { ClusterConfig } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';

export interface LoadedKubeConfig {
  kubeConfig: KubeConfig;
  /** Without a slash at its end. */
  server: string;
  /** Of the current context's user. */
  tokenFile: string | undefined;
}

/** Throws ServiceError `invalid-config` for a file that cannot be read or names no cluster. */
export function loadKubeConfig({ kubeconfig: path, context }: ClusterConfig): LoadedKubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (path === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(path);
    if (context !== undefined) kubeConfig.setCurrentContext(context);
  } catch (cause) {
    throw new ServiceError(
      'invalid-config',
      `cluster.kubeconfig: expected a readable kubeconfig file: ${messageOf(cause)}`,
      { cause, field: 'cluster.kubeconfig' },
    );
  }
  const server = kubeConfig.getCurrentCluster()?.server.replace(/\/$/, '');
  if (server === undefined)
    throw new ServiceError('invalid-config', 'cluster.kubeconfig: the current context names no cluster.', {
      field: 'cluster.kubeconfig',
    });
  const user = kubeConfig.getCurrentUser()?.name;
  return { kubeConfig, server, tokenFile: path === undefined ? undefined : findTokenFile(path, user) };
}

interface UserEntry {
  name?: string;
  user?: { tokenFile?: string };
}

/** The library drops this member; relative to the kubeconfig's own folder, like every path in it. */
function findTokenFile(kubeconfig: string, user: string | undefined): string | undefined {
  const { users = [] } = parse(readFileSync(kubeconfig, 'utf8')) as { users?: UserEntry[] };
  const file = users.find(({ name }) => name === user)?.user?.tokenFile;
  return file === undefined ? undefined : resolve(dirname(kubeconfig), file);
}
