import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isOnPath } from '../../test/support/needs.ts';
import type { Combination } from './combinations.ts';

/** The folder of the binaries that `test/servers/install` builds. */
export const binaries = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'edc-job-provisioner',
  'bin',
);

export interface Lack {
  text: string;
  /** A machine that runs CI must have it. */
  expectedInCi: boolean;
}

/** What this machine lacks to run a combination; empty if it can. */
export function lacksFor({ cluster, store }: Pick<Combination, 'cluster' | 'store'>): Lack[] {
  const real = cluster === 'real';
  const wanted = [
    ...(real ? ['etcd', 'kube-apiserver', 'kubelet'] : []),
    ...(store === 'minio' ? ['minio'] : store === 'versity' ? ['versitygw'] : []),
  ];
  if (wanted.length === 0) return [];
  if (process.platform !== 'linux')
    return [{ text: `Linux (this is ${process.platform})`, expectedInCi: false }];
  return [
    ...(real ? lacksOfNodes() : []),
    ...(wanted.every(isBuilt) || isOnPath('go')
      ? []
      : [{ text: 'Go, to build the servers', expectedInCi: true }]),
  ];
}

function lacksOfNodes(): Lack[] {
  const lacks: Lack[] = [];
  if (process.getuid?.() !== 0) lacks.push({ text: 'root, for nodes', expectedInCi: false });
  if (existsSync('/sys/fs/cgroup/cgroup.controllers'))
    lacks.push({ text: 'cgroup v1 controllers (there is cgroup v2 only), for nodes', expectedInCi: false });
  if (!isOnPath('apt-get') && !(isOnPath('containerd') && isOnPath('buildah')))
    lacks.push({ text: 'apt-get, to install containerd and buildah', expectedInCi: true });
  return lacks;
}

function isBuilt(name: string): boolean {
  return existsSync(join(binaries, name));
}
