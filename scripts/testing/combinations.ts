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

/** These scenarios show in two minutes that the service runs on real servers. */
const smoke = [
  'main-path.store.test.ts',
  'failures.test.ts',
  'cancel.test.ts',
  'flow-credentials.store.test.ts',
  'deploy-dry-run.test.ts',
  'pending-admission-refused.test.ts',
];

export const smokeCombination: CombinationName = 'real-minio';

/** All scenarios; those without the ones that take many minutes with real pods; or the smoke set. */
export type Extent = 'whole' | 'quick' | 'smoke';

/** They kill at as many requests as `TEST_KILLS` says. */
const sampled = [
  'kill-after-every-request.test.ts',
  'kill-before-every-request.test.ts',
  'kill-in-data-plane-transfer.test.ts',
  'kill-in-signaling-pull.test.ts',
  'kill-in-signaling-push.test.ts',
];

/** Each takes many minutes with real pods, since it has hundreds of flows. */
const long = [
  ...sampled,
  'fifty-kills.test.ts',
  'replicas-under-load.test.ts',
  'thousand-jobs.test.ts',
  // Each of the conformance tests against a data plane that does one thing wrong.
  'every-test-can-fail.test.ts',
];

export interface Batch {
  files: string[];
  concurrency: number;
  /** The files share `concurrency` processes: they have no ports and no process state of their own. */
  shared?: boolean;
}

/**
 * The files of a combination. Those that restart or cut off the real servers would disturb the others, so they run last, one
 * by one. After a whole suite the audit compares the service's requests with the Role that is deployed.
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

/** Whether `npm test` leaves the file out, since it takes minutes. The kills at every request are sampled instead. */
export function isLong(file: string): boolean {
  return long.includes(basename(file)) && !sampled.includes(basename(file));
}

/** These take 20 seconds and more on embedded servers, most of it waiting; the longest first. */
const slow = [
  'documented-commands.test.ts',
  'kubelet-node-lost.test.ts',
  'conformance.test.ts',
  'every-generation.test.ts',
  'dev-command.test.ts',
  'chaos.test.ts',
  'connector-pages.test.ts',
  'demo-command.test.ts',
  'kubelet-eviction.test.ts',
  'crashed-upload.store.test.ts',
  'signaling-consumer-push.test.ts',
  'run-command.test.ts',
  'forgetting.test.ts',
  'deliveries.test.ts',
  'kubelet-store-down.test.ts',
  'pending-quota-exceeded.test.ts',
  'repeats.test.ts',
  'data-plane.test.ts',
  'two-second-rule.test.ts',
  'signaling-push.test.ts',
  'kubelet-sidecar-crash.test.ts',
  'tutorial.test.ts',
  'signaling-authorization.test.ts',
  'env-files.test.ts',
  'npm-package.test.ts',
  'signaling-fetch.test.ts',
  'progress.test.ts',
  'failures.test.ts',
  'signaling-restarts.test.ts',
  'kubelet-pod-deleted.test.ts',
  'replicas.test.ts',
];

/** Sorts the longest files first, so that no processor waits for the last one. */
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

/** Whether the file declares such a need. */
function disturbsServers(file: string): boolean {
  const wanted =
    readFileSync(file, 'utf8')
      .match(/needing\([^)]*\)/g)
      ?.join() ?? '';
  return needsToBeAlone.some((need) => wanted.includes(`'${need}'`));
}
