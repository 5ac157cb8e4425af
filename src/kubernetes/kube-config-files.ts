import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
// Only this module of the library: its main one loads a thousand generated modules, which take 50 MiB of memory.
import {
  newClusters,
  newContexts,
  newUsers,
  type Cluster,
  type Context,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';

/** The content of kubeconfig files; paths in it are absolute. */
export interface KubeConfig {
  clusters: Cluster[];
  contexts: Context[];
  users: KubeUser[];
  currentContext: string | undefined;
}

export interface KubeUser extends User {
  /** The kubeconfig that holds it; undefined for the service account of a pod. */
  file?: string | undefined;
  tokenFile?: string | undefined;
}

/** Throws if a file cannot be read, if an entry is incomplete, or if two files have an entry of the same name. */
export function readKubeConfigFiles(files: readonly string[]): KubeConfig {
  const config: KubeConfig = { clusters: [], contexts: [], users: [], currentContext: undefined };
  for (const file of files) {
    const { clusters, contexts, users, currentContext } = readFile(file);
    addAll(config.clusters, clusters, 'cluster');
    addAll(config.contexts, contexts, 'context');
    addAll(config.users, users, 'user');
    config.currentContext = currentContext ?? config.currentContext;
  }
  return config;
}

interface Document {
  clusters?: unknown;
  contexts?: unknown;
  users?: unknown;
  'current-context'?: string;
}

interface UserEntry {
  user?: { tokenFile?: string } | null;
}

function readFile(file: string): KubeConfig {
  const document = parse(readFileSync(file, 'utf8'), { merge: true }) as Document | null;
  if (typeof document !== 'object' || document === null) throw new Error('it holds no kubeconfig');
  const folder = dirname(file);
  // The library drops the member `tokenFile`. A path is relative to the kubeconfig's own folder.
  const entries = (Array.isArray(document.users) ? document.users : []) as UserEntry[];
  return {
    clusters: newClusters(document.clusters).map((cluster) => withPaths(cluster, ['caFile'], folder)),
    contexts: newContexts(document.contexts),
    users: newUsers(document.users).map((user, index) =>
      withPaths(
        { ...user, file, tokenFile: entries[index]?.user?.tokenFile },
        ['certFile', 'keyFile', 'tokenFile'],
        folder,
      ),
    ),
    currentContext: document['current-context'] || undefined,
  };
}

function withPaths<T extends object>(entry: T, members: readonly (keyof T)[], folder: string): T {
  const paths = members.flatMap((member) => {
    const path = entry[member];
    return typeof path === 'string' && path !== '' ? [[member, resolve(folder, path)]] : [];
  });
  return { ...entry, ...(Object.fromEntries(paths) as Partial<T>) };
}

function addAll<T extends { name: string }>(all: T[], more: readonly T[], kind: string): void {
  const known = new Set(all.map(({ name }) => name));
  const twice = more.find(({ name }) => known.has(name));
  if (twice !== undefined) throw new Error(`Duplicate ${kind}: ${twice.name}`);
  all.push(...more);
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** It exists in a pod with a service account. */
export const accountToken = `${accountFolder}/token`;

/** The cluster of the pod in which this process runs, by the environment that the kubelet gives it. */
export function kubeConfigOfPod(env: Readonly<Record<string, string | undefined>>): KubeConfig {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  const scheme = ['80', '8080', '8001'].includes(port) ? 'http' : 'https';
  const server = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    clusters: [{ name: 'pod', server, caFile: `${accountFolder}/ca.crt`, skipTLSVerify: false }],
    users: [{ name: 'pod', tokenFile: accountToken }],
    contexts: [{ name: 'pod', cluster: 'pod', user: 'pod' }],
    currentContext: 'pod',
  };
}
