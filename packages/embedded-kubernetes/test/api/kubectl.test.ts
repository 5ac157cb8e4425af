import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import test from 'node:test';

import { writeKubeconfig } from '../../src/kubeconfig.ts';
import { aJob, keyOf, ownedBy } from '../registry/sample-objects.ts';
import { startTestApi } from './test-api.ts';

const isThere = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;
const skip = isThere ? false : 'kubectl is not on the PATH';

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

async function startWithKubectl(t: TestContext, options: Parameters<typeof startTestApi>[1] = {}) {
  const api = await startTestApi(t, options);
  const home = await mkdtemp(join(tmpdir(), 'kubectl-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const kubeconfig = join(home, 'kubeconfig');
  await writeKubeconfig(kubeconfig, api);
  // A home of its own: kubectl caches what it learns about a server there.
  const env = { ...process.env, HOME: home, KUBECONFIG: kubeconfig };

  function kubectl(args: string, input = ''): Promise<Result> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        args.split(' '),
        { env, timeout: 60_000 },
        (error, stdout, stderr) => {
          const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
          resolve({ code, stdout, stderr });
        },
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }
  async function succeeds(args: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await kubectl(args, input);
    assert.equal(code, 0, stderr);
    return stdout;
  }
  return { api, kubectl, succeeds };
}

const manifest = JSON.stringify({
  apiVersion: 'batch/v1',
  kind: 'Job',
  ...aJob('hello', { backoffLimit: 0 }),
});

test('kubectl creates, gets, describes and deletes a Job with its pods', { skip }, async (t) => {
  const { api, succeeds } = await startWithKubectl(t);
  assert.equal(await succeeds('create -f -', manifest), 'job.batch/hello created\n');
  const job = api.registry.get(keyOf('jobs', 'hello'));
  assert.ok(job);
  api.registry.create('pods', {
    metadata: { name: 'hello-1', namespace: 'default', ownerReferences: ownedBy(job) },
    spec: { containers: [{ name: 'worker', image: 'busybox' }] },
  });
  const table = await succeeds('get jobs,pods --no-headers');
  assert.match(table, /^job\.batch\/hello +Running +0\/1 +\d+s/m);
  assert.match(table, /^pod\/hello-1 +0\/1 +Pending +0 +\d+s/m);
  api.registry.create('events', {
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Job', name: 'hello', namespace: 'default', uid: job.metadata.uid },
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: 'Created pod: hello-1',
  });
  assert.match(await succeeds('describe job hello'), /SuccessfulCreate.*Created pod: hello-1/);
  await succeeds('delete job hello');
  assert.equal(api.registry.get(keyOf('jobs', 'hello')), undefined);
  assert.equal(api.registry.get(keyOf('pods', 'hello-1')), undefined);
});

test(
  'kubectl hears of a misspelt member, of a wrong value, and of a name that is taken',
  { skip },
  async (t) => {
    const { api, kubectl, succeeds } = await startWithKubectl(t);
    const misspelt = await kubectl('create -f -', manifest.replace('backoffLimit', 'backofLimit'));
    assert.match(misspelt.stderr, /unknown field "spec.backofLimit"/);
    const wrong = await kubectl('create -f - --dry-run=server', manifest.replace('Never', 'Always'));
    assert.match(wrong.stderr, /spec\.template\.spec\.restartPolicy: Unsupported value: "Always"/);
    assert.equal(await succeeds('create -f - --dry-run=server -o name', manifest), 'job.batch/hello\n');
    assert.deepEqual(api.registry.list('jobs').items, []);
    await succeeds('create -f -', manifest);
    assert.match((await kubectl('create -f -', manifest)).stderr, /AlreadyExists/);
  },
);

test('kubectl applies, labels, annotates and patches', { skip }, async (t) => {
  const { api, kubectl, succeeds } = await startWithKubectl(t);
  await succeeds('apply -f -', manifest);
  const changed = manifest.replace('"backoffLimit":0', '"backoffLimit":2');
  assert.equal(await succeeds('apply -f -', changed), 'job.batch/hello configured\n');
  assert.equal(await succeeds('apply -f -', changed), 'job.batch/hello unchanged\n');
  await succeeds('label job hello app=x');
  await succeeds('annotate job hello note=y');
  await succeeds('patch job hello -p {"spec":{"suspend":true}}');
  await succeeds('patch job hello --type=merge -p {"spec":{"parallelism":3}}');
  const json = await kubectl('patch job hello --type=json -p [{"op":"remove","path":"/spec/parallelism"}]');
  assert.match(json.stderr, /use --type merge/);
  const job = api.registry.get(keyOf('jobs', 'hello'));
  const { backoffLimit, suspend, parallelism } = job?.['spec'] as Record<string, unknown>;
  assert.deepEqual(
    { backoffLimit, suspend, parallelism },
    { backoffLimit: 2, suspend: true, parallelism: 3 },
  );
  assert.equal(job?.metadata.labels?.['app'], 'x');
  assert.equal(job.metadata.annotations?.['note'], 'y');
});

test(
  'kubectl creates ConfigMaps and Secrets by name, and gets advice on how to create other kinds',
  { skip },
  async (t) => {
    const { api, kubectl, succeeds } = await startWithKubectl(t);
    await succeeds('create configmap c --from-literal=a=b');
    await succeeds('create secret generic s --from-literal=a=b');
    assert.deepEqual(api.registry.get(keyOf('configmaps', 'c'))?.['data'], { a: 'b' });
    assert.deepEqual(api.registry.get(keyOf('secrets', 's'))?.['data'], { a: 'Yg==' });
    assert.match((await kubectl('create namespace other')).stderr, /kubectl create -f/);
    assert.match((await kubectl('create job j --image=busybox -- echo hello')).stderr, /kubectl create -f/);
    const job = await succeeds('create job j --image=busybox --dry-run=client -o json -- echo hello');
    await succeeds('create -f -', job);
    assert.equal(await succeeds('get job j -o jsonpath={..command}'), '["echo","hello"]');
  },
);

test('kubectl waits for conditions and for deletions', { skip }, async (t) => {
  const { api, succeeds } = await startWithKubectl(t);
  api.registry.create('jobs', aJob('hello'));
  const complete = succeeds('wait --for=condition=complete job/hello --timeout=60s');
  const status = { conditions: [{ type: 'Complete', status: 'True' }] };
  api.registry.update(keyOf('jobs', 'hello'), { status }, 'status');
  assert.match(await complete, /condition met/);
  const gone = succeeds('wait --for=delete job/hello --timeout=60s');
  api.registry.delete(keyOf('jobs', 'hello'));
  await gone;
});

test('kubectl reads the logs of a Job’s pod', { skip }, async (t) => {
  const podLogs = { read: () => Promise.resolve(Readable.from(['hello\n'])) };
  const { api, succeeds } = await startWithKubectl(t, { podLogs });
  const job = api.registry.create('jobs', aJob('hello'));
  const labels = { 'batch.kubernetes.io/controller-uid': job.metadata.uid };
  api.registry.create('pods', {
    metadata: {
      name: 'hello-1',
      namespace: 'default',
      labels,
      ownerReferences: ownedBy(job, { controller: true }),
    },
    spec: { containers: [{ name: 'worker', image: 'busybox' }] },
  });
  const containerStatuses = [{ name: 'worker', ready: true, state: { running: {} } }];
  api.registry.update(
    keyOf('pods', 'hello-1'),
    { status: { phase: 'Running', containerStatuses } },
    'status',
  );
  assert.equal(await succeeds('logs hello-1'), 'hello\n');
  assert.equal(await succeeds('logs job/hello -f'), 'hello\n');
});
