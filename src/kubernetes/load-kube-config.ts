import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Cluster } from '@kubernetes/client-node';
import { type ClusterConfig, processEnvironment } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';
import {
  accountToken,
  kubeConfigOfPod,
  readKubeConfigFiles,
  type KubeConfig,
  type KubeUser,
} from './kube-config-files.ts';

/** The cluster and the user of the chosen context. */
export interface ClusterUser {
  /** Its server's address has no slash at its end. */
  cluster: Cluster;
  user: KubeUser | undefined;
}

/** Throws ServiceError `invalid-config` if there is no kubeconfig, or one that cannot be read or names no cluster. */
export function loadKubeConfig({ kubeconfig: path, context }: ClusterConfig): ClusterUser {
  const kubeConfig = readKubeConfig(path);
  const origin = path ?? 'the kubeconfig that was found';
  const { clusters, users, contexts, currentContext } = kubeConfig;
  const name = context ?? currentContext;
  const chosen = contexts.find((one) => one.name === name);
  if (context !== undefined && chosen === undefined) {
    throw unusable(
      `cluster.context: expected a context of ${origin} (${contextsOf(kubeConfig)}), received "${context}".`,
      { field: 'cluster.context' },
    );
  }
  const cluster = clusters.find((one) => one.name === chosen?.cluster);
  if (cluster === undefined) {
    throw unusable(
      `cluster.kubeconfig: the current context ${name === undefined ? 'is not set' : `"${name}" names no cluster`} in ${origin}. Set cluster.context to one of: ${contextsOf(kubeConfig)}.`,
      { field: 'cluster.kubeconfig' },
    );
  }
  if (!URL.canParse(cluster.server)) {
    throw unusable(
      `cluster.kubeconfig: expected the URL of an API server in ${origin}, received "${cluster.server}".`,
      { field: 'cluster.kubeconfig' },
    );
  }
  return { cluster, user: users.find((one) => one.name === chosen?.user) };
}

function readKubeConfig(path: string | undefined): KubeConfig {
  const files = path === undefined ? findFiles() : [path];
  if (files.length > 0) return readFiles(files, path ?? 'the file that KUBECONFIG names, or ~/.kube/config');
  if (existsSync(accountToken)) return kubeConfigOfPod(processEnvironment());
  throw unusable(
    'cluster.kubeconfig: found no cluster: the setting is not set, there is no ~/.kube/config, and this is no pod with a service account. ' +
      'Set EDC_JP_CLUSTER_KUBECONFIG to the path of a kubeconfig, or run "edc-job-provisioner dev", which brings a cluster of its own.',
    { field: 'cluster.kubeconfig' },
  );
}

/** The files that KUBECONFIG names, else ~/.kube/config if it exists. */
function findFiles(): string[] {
  const { KUBECONFIG = '', HOME = '', USERPROFILE = '' } = processEnvironment();
  const named = KUBECONFIG.split(delimiter).filter((file) => file !== '');
  const home = HOME || USERPROFILE;
  const own = join(home, '.kube', 'config');
  return named.length === 0 && home !== '' && existsSync(own) ? [own] : named;
}

function readFiles(files: readonly string[], where: string): KubeConfig {
  try {
    return readKubeConfigFiles(files);
  } catch (cause) {
    // Only the first line: after it the YAML parser quotes the file, and the quote may hold a token.
    const [reason = ''] = messageOf(cause).split('\n');
    throw unusable(
      `cluster.kubeconfig: expected a readable kubeconfig in ${where}, but: ${reason}. ` +
        'Check with: kubectl config view --kubeconfig FILE',
      { cause, field: 'cluster.kubeconfig' },
    );
  }
}

function contextsOf({ contexts }: KubeConfig): string {
  const names = contexts.map(({ name }) => name);
  return names.length === 0 ? 'it has none' : names.slice(0, 10).join(', ');
}

function unusable(message: string, options: { cause?: unknown; field: string }): ServiceError {
  return new ServiceError('invalid-config', message, options);
}
