import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findHomeDir, KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { type ClusterConfig, processEnvironment } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';

export interface LoadedKubeConfig {
  kubeConfig: KubeConfig;
  /** Without a slash at its end. */
  server: string;
  /** The file that holds the current context's user. */
  userFile: string | undefined;
  /** The token file that this user names. */
  tokenFile: string | undefined;
}

/** Throws ServiceError `invalid-config` if there is no kubeconfig, or one that cannot be read or names no cluster. */
export function loadKubeConfig({ kubeconfig: path, context }: ClusterConfig): LoadedKubeConfig {
  const kubeConfig = readKubeConfig(path);
  const origin = path ?? 'the kubeconfig that was found';
  if (context !== undefined) chooseContext(kubeConfig, context, origin);
  const server = serverOf(kubeConfig, origin);
  const user = kubeConfig.getCurrentUser()?.name;
  return { kubeConfig, server, ...findUser(path === undefined ? foundFiles() : [path], user) };
}

const standIn = 'http://localhost:8080';

function readKubeConfig(path: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (path === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(path);
  } catch (cause) {
    // Only the first line: after it the YAML parser quotes the file, and the quote may hold a token.
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

/** The library invents this cluster when it finds none, instead of saying so. */
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

/** The files that the library finds by itself, in its order; it does not say which. */
function foundFiles(): string[] {
  const { KUBECONFIG = '' } = processEnvironment();
  if (KUBECONFIG !== '') return KUBECONFIG.split(delimiter).filter((file) => file !== '');
  const home = findHomeDir();
  const file = home === null ? undefined : join(home, '.kube', 'config');
  return file !== undefined && existsSync(file) ? [file] : [];
}

/** The library drops the member `tokenFile`; it is relative to its kubeconfig's own folder, like every path in one. */
function findUser(
  files: string[],
  name: string | undefined,
): Pick<LoadedKubeConfig, 'userFile' | 'tokenFile'> {
  for (const userFile of files) {
    const { users } = parse(readFileSync(userFile, 'utf8')) as { users?: UserEntry[] | null };
    const entry = users?.find((user) => user.name === name);
    if (entry === undefined) continue;
    const file = entry.user?.tokenFile;
    return { userFile, tokenFile: file === undefined ? undefined : resolve(dirname(userFile), file) };
  }
  return { userFile: undefined, tokenFile: undefined };
}
