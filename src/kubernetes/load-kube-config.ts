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

/** Throws ServiceError `invalid-config` where there is no kubeconfig, and for one that cannot be read or names no cluster. */
export function loadKubeConfig({ kubeconfig: path, context }: ClusterConfig): LoadedKubeConfig {
  const kubeConfig = readKubeConfig(path);
  const origin = path ?? 'the kubeconfig that was found';
  if (context !== undefined) chooseContext(kubeConfig, context, origin);
  const server = serverOf(kubeConfig, origin);
  const user = kubeConfig.getCurrentUser()?.name;
  return { kubeConfig, server, tokenFile: path === undefined ? undefined : findTokenFile(path, user) };
}

const standIn = 'http://localhost:8080';

function readKubeConfig(path: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (path === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(path);
  } catch (cause) {
    // The first line alone: the YAML parser then shows the place in the file, where a token may stand.
    const [reason = ''] = messageOf(cause).split('\n');
    const where = path ?? 'the file that KUBECONFIG names, or ~/.kube/config';
    throw unusable(
      `cluster.kubeconfig: expected a readable kubeconfig in ${where}, but: ${reason}. ` +
        'Check with: kubectl config view --kubeconfig FILE',
      { cause, field: 'cluster.kubeconfig' },
    );
  }
  if (path === undefined && isStandIn(kubeConfig)) {
    throw unusable(
      'cluster.kubeconfig: found no cluster: the setting is not set, there is no ~/.kube/config, and this is no pod with a service account. ' +
        'Set EDC_JP_CLUSTER_KUBECONFIG to the path of a kubeconfig, or run "edc-job-provisioner dev", which brings a cluster of its own.',
      { field: 'cluster.kubeconfig' },
    );
  }
  return kubeConfig;
}

/** What the library makes up when it finds nothing, instead of saying so. */
function isStandIn(kubeConfig: KubeConfig): boolean {
  return kubeConfig.currentContext === 'loaded-context' && kubeConfig.getCurrentCluster()?.server === standIn;
}

function chooseContext(kubeConfig: KubeConfig, context: string, origin: string): void {
  kubeConfig.setCurrentContext(context);
  if (kubeConfig.getContextObject(context) !== null) return;
  throw unusable(
    `cluster.context: expected a context of ${origin} (${contextsOf(kubeConfig)}), received "${context}".`,
    { field: 'cluster.context' },
  );
}

function serverOf(kubeConfig: KubeConfig, origin: string): string {
  const server = kubeConfig.getCurrentCluster()?.server.replace(/\/$/, '');
  if (server !== undefined && URL.canParse(server)) return server;
  const current = kubeConfig.currentContext as string | undefined;
  throw unusable(
    server === undefined
      ? `cluster.kubeconfig: the current context ${current === undefined ? 'is not set' : `"${current}" names no cluster`} in ${origin}. Set cluster.context to one of: ${contextsOf(kubeConfig)}.`
      : `cluster.kubeconfig: expected the URL of an API server in ${origin}, received "${server}".`,
    { field: 'cluster.kubeconfig' },
  );
}

function contextsOf(kubeConfig: KubeConfig): string {
  const names = (kubeConfig.contexts as KubeConfig['contexts'] | undefined)?.map(({ name }) => name) ?? [];
  return names.length === 0 ? 'it has none' : names.slice(0, 10).join(', ');
}

function unusable(message: string, options: { cause?: unknown; field: string }): ServiceError {
  return new ServiceError('invalid-config', message, options);
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
