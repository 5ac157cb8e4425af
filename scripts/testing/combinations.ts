import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { needsToBeAlone } from '../../test/support/needs.ts';

export const combinationNames = ['embedded', 'real-minio', 'embedded-minio', 'real-versity'] as const;
export type CombinationName = (typeof combinationNames)[number];

export interface Combination {
  name: CombinationName;
  title: string;
  cluster: 'embedded' | 'real';
  store: 'embedded' | 'minio' | 'versity';
  files: 'all' | 'store';
}

/** In the order that starts each server once. */
export const combinations: readonly Combination[] = [
  {
    name: 'embedded',
    title: 'embedded cluster and store',
    cluster: 'embedded',
    store: 'embedded',
    files: 'all',
  },
  { name: 'real-minio', title: 'Kubernetes and MinIO', cluster: 'real', store: 'minio', files: 'all' },
  {
    name: 'embedded-minio',
    title: 'embedded cluster and MinIO',
    cluster: 'embedded',
    store: 'minio',
    files: 'store',
  },
  {
    name: 'real-versity',
    title: 'Kubernetes and Versity',
    cluster: 'real',
    store: 'versity',
    files: 'store',
  },
];

/** What shows in two minutes that the service runs on real servers: main path, failures, cancel, credentials, deployment, Pod Security. */
const smoke = [
  'main-path.store.test.ts',
  'failures.test.ts',
  'cancel.test.ts',
  'flow-credentials.store.test.ts',
  'deploy-dry-run.test.ts',
  'pending-admission-refused.test.ts',
];

export const smokeCombination: CombinationName = 'real-minio';

/** All of it; without what takes many minutes with real pods; or only what shows that it works at all. */
export type Extent = 'whole' | 'quick' | 'smoke';

/** They take as many of the requests as `TEST_KILLS` says. */
const sampled = ['kill-after-every-request.test.ts', 'kill-before-every-request.test.ts'];

/** With real pods each of them takes many minutes, hundreds of flows that it has. */
const long = [...sampled, 'fifty-kills.test.ts', 'replicas-under-load.test.ts', 'thousand-jobs.test.ts'];

export interface Batch {
  files: string[];
  concurrency: number;
  /** Files share as few processes as run at once: they own no ports and no state of the process. */
  shared?: boolean;
}

/**
 * The files of a combination. Those that restart or cut off the real servers would disturb all others: they come last, one by one;
 * and after the whole suite what it made the service ask for is compared with the Role that is deployed.
 */
export function batchesOf(
  { cluster, files }: Combination,
  { named, extent }: { named: readonly string[]; extent: Extent },
): Batch[] {
  const pattern = files === 'all' ? 'test/integration/**/*.test.ts' : 'test/integration/**/*.store.test.ts';
  const chosen = globSync(pattern)
    .sort(longestFirst)
    .filter((file) => isWithin(extent, basename(file)))
    .filter(
      (file) => named.length === 0 || named.some((name) => file === name || file.startsWith(`${name}/`)),
    );
  const alone = cluster === 'real' ? chosen.filter(disturbsServers) : [];
  const together = chosen.filter((file) => !alone.includes(file));
  const audited = cluster === 'real' && files === 'all' && named.length === 0 && extent !== 'smoke';
  return [
    { files: together, concurrency: cluster === 'real' ? 4 : 3 },
    { files: alone, concurrency: 1 },
    { files: audited ? ['test/servers/audit.test.ts'] : [], concurrency: 1 },
  ].filter((batch) => batch.files.length > 0);
}

/** Left to those who ask for it: minutes each. The kills at every request are sampled instead. */
export function isLong(file: string): boolean {
  return long.includes(basename(file)) && !sampled.includes(basename(file));
}

/** Half a minute and more on embedded servers, most of it waiting. */
const slow = [
  'kubelet-pod-deleted.test.ts',
  'kubelet-node-lost.test.ts',
  'documented-commands.test.ts',
  'kubelet-eviction.test.ts',
  'chaos.test.ts',
  'dev-command.test.ts',
  'forgetting.test.ts',
  'crashed-upload.store.test.ts',
  'failures.test.ts',
  'cancel.test.ts',
  'repeats.test.ts',
  'replicas.test.ts',
  'two-second-rule.test.ts',
];

/** For `sort`: so that no processor waits for the last one. */
export function longestFirst(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(file: string): number {
  const order = [...long, ...slow].indexOf(basename(file));
  return order === -1 ? long.length + slow.length : order;
}

function isWithin(extent: Extent, file: string): boolean {
  if (extent === 'whole') return true;
  return extent === 'quick' ? !long.includes(file) : smoke.includes(file);
}

/** As the file itself says by what it needs. */
function disturbsServers(file: string): boolean {
  const wanted =
    readFileSync(file, 'utf8')
      .match(/needing\([^)]*\)/g)
      ?.join() ?? '';
  return needsToBeAlone.some((need) => wanted.includes(`'${need}'`));
}
