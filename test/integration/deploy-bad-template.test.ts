import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { deployFolder, writeOverlay } from '../support/deploy-overlay.ts';
import { kubectl } from '../support/kubectl.ts';
import { needing } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';

interface PodStatus {
  conditions?: { type: string; status: string }[];
  containerStatuses?: { restartCount: number }[];
}

interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status: PodStatus;
}

const namespace = 'edc-job-provisioner';

test(
  'a template that cannot be used stops the rollout at its first pod, the pods that run stay ready, and a corrected one replaces them',
  needing('own control plane', 'real node', 'kubectl'),
  async (t) => {
    const { overlay, job } = await makeOverlay(t);
    await kubectl(['apply', '-k', overlay]);
    const old = await waitUntil('two pods are ready', () => readyPods(2));

    const good = await readFile(job, 'utf8');
    await writeFile(
      job,
      good.replace('restartPolicy: Never', 'restartPolicy: Never\n      hostNetwork: true'),
    );
    await kubectl(['apply', '-k', overlay]);
    const bad = await waitUntil('the new pod has ended twice', async () =>
      (await pods()).find(({ metadata, status }) => !has(old, metadata.uid) && restarts(status) > 1),
    );
    const log = await kubectl(['-n', namespace, 'logs', '--previous', bad.metadata.name]);
    assert.match(log.stdout, /\/templates\/greeting\/job\.yaml:\d+: .*hostNetwork/);
    const now = await pods();
    assert.deepEqual(
      now.filter(({ status }) => isReady(status)).map(({ metadata }) => metadata.uid),
      old.map(({ metadata }) => metadata.uid),
    );
    assert.equal(now.length, 3);
    assert.ok(old.every(({ status }) => restarts(status) === 0));

    await writeFile(job, good.replace('memory: 32Mi', 'memory: 64Mi'));
    await kubectl(['apply', '-k', overlay]);
    await waitUntil('two new pods are ready, and no others are left', async () => {
      const left = await pods();
      const fresh = left.filter(({ metadata, status }) => !has(old, metadata.uid) && isReady(status));
      return left.length === 2 && fresh.length === 2;
    });
  },
);

/** The templates of deploy/components/templates, with the image of the service that the nodes have. */
async function makeOverlay(t: TestContext): Promise<{ overlay: string; job: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-deploy-'));
  const components = join(folder, 'components');
  const overlay = join(folder, 'overlay');
  await cp(join(deployFolder, 'components/templates'), components, { recursive: true });
  const image = /^(?<newName>.+):(?<newTag>[^:]+)$/.exec(process.env['TEST_SIDECAR_IMAGE'] ?? '')?.groups;
  const literals = [
    'STORE_ACCESS_KEY_ID=id',
    'STORE_SECRET_ACCESS_KEY=secret',
    `RESULT_KEYS=k1:${'0'.repeat(64)}`,
    `CONNECTOR_PROVIDER_TOKENS=${'0'.repeat(48)}`,
    'EDC_JP_STORE_REQUEST_TIMEOUT_MILLIS=1000',
  ];
  await writeOverlay(overlay, {
    components: [components],
    rest: {
      images: [{ name: 'edc-job-provisioner', ...image }],
      secretGenerator: [{ name: 'edc-job-provisioner', namespace, literals }],
    },
  });
  t.after(async () => {
    const namespaces = ['delete', '--ignore-not-found', '-f', join(deployFolder, 'base/namespaces.yaml')];
    await kubectl(namespaces);
    await rm(folder, { recursive: true });
  });
  return { overlay, job: join(components, 'greeting/job.yaml') };
}

async function pods(): Promise<Pod[]> {
  const { stdout } = await kubectl(['-n', namespace, 'get', 'pods', '-o', 'json']);
  const { items } = JSON.parse(stdout) as { items: Pod[] };
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1));
}

async function readyPods(count: number): Promise<Pod[] | undefined> {
  const all = await pods();
  return all.length === count && all.every(({ status }) => isReady(status)) ? all : undefined;
}

function isReady({ conditions = [] }: PodStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function restarts({ containerStatuses = [] }: PodStatus): number {
  return containerStatuses[0]?.restartCount ?? 0;
}

function has(pods: Pod[], uid: string): boolean {
  return pods.some(({ metadata }) => metadata.uid === uid);
}
