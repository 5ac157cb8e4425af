import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { DataAddressKind } from '../../src/flow/flow-plan.ts';
import { connectCluster } from '../../src/kubernetes/cluster.ts';
import { connect } from '../../src/kubernetes/connection.ts';
import { buildStartupChecks, startStartupChecks, type StartupCheck } from '../../src/startup-checks.ts';
import { createCredentialMinter } from '../../src/storage/mint-credentials.ts';
import { createReadAccess } from '../../src/storage/read-access.ts';
import { createObjectStore } from '../../src/storage/minio-store.ts';
import { startTestApi, type TestApi } from '../support/api-server.ts';
import { createServiceAccount } from '../support/service-account.ts';
import { openTestStore, type TestStore } from '../support/test-store.ts';
import { waitUntil } from '../support/wait-until.ts';

const requestTimeoutMillis = 30_000;

interface Servers {
  api: TestApi;
  store: TestStore;
  stack: AsyncDisposableStack;
}

async function openServers(t: TestContext): Promise<Servers> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  return { api: stack.use(await startTestApi()), store: stack.use(await openTestStore()), stack };
}

interface Faults {
  kubeconfig?: string;
  namespace?: string;
  bucket?: string;
  endpoint?: string;
  keys?: Partial<TestStore['keys']>;
  address?: DataAddressKind;
}

async function checksOf({ api, store, stack }: Servers, faults: Faults = {}): Promise<StartupCheck[]> {
  const namespace = faults.namespace ?? 'jobs';
  const kubeconfig = faults.kubeconfig ?? api.kubeconfig;
  const cluster = await connectCluster({ kubeconfig, namespace, requestTimeoutMillis });
  stack.defer(() => cluster.close());
  const { region } = store;
  const endpoint = faults.endpoint ?? store.endpoint;
  const settings = {
    ...{ endpoint, publicEndpoint: endpoint, region, requestTimeoutMillis, credentialSeconds: 900 },
    ...{ bucket: faults.bucket ?? store.bucket, credentials: 'sts' as const, sts: { endpoint, region } },
  };
  const keys = { ...store.keys, ...faults.keys };
  const objects = createObjectStore(settings, keys);
  stack.defer(() => {
    objects.destroy();
  });
  const minter = createCredentialMinter(settings, keys);
  return buildStartupChecks({
    ...{ cluster, store: objects.store, minter, readAccess: createReadAccess(settings, keys) },
    templates: [{ address: 'service' }, { address: faults.address ?? 'presigned' }],
    config: { cluster: { namespace }, store: settings, results: { s3KeySeconds: 900 } },
  });
}

type Line = Record<string, unknown> & { check: string; msg: string };

/** The lines of checks that run in the background until the test ends. */
function run(t: TestContext, checks: readonly StartupCheck[], pace: { deadlineMillis?: number } = {}) {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const end = new AbortController();
  const options = { deadlineMillis: 60_000, backoff: { firstMillis: 10, maxMillis: 50 }, ...pace };
  const started = startStartupChecks(checks, { log: pino(stream), ...options }, end.signal);
  t.after(async () => {
    end.abort();
    await started.ended;
  });
  return { lines, started, end };
}

/** One line for each of them. */
async function linesOf(t: TestContext, checks: readonly StartupCheck[]): Promise<Record<string, Line>> {
  const { lines } = run(t, checks);
  await waitUntil('a line for each', () => new Set(lines.map(({ check }) => check)).size === checks.length);
  return Object.fromEntries(lines.map((line) => [line.check, line]));
}

function failedOf(lines: Record<string, Line>): string[] {
  return Object.values(lines)
    .filter(({ msg }) => msg === 'start-up check failed')
    .map(({ check }) => check)
    .sort();
}

test('where all is in order each check has one line, and the checks end', async (t) => {
  const { lines, started } = run(t, await checksOf(await openServers(t)));
  await started.ended;
  assert.deepEqual(
    lines.map(({ check, msg }) => `${check}: ${msg}`).sort(),
    ['bucket', 'cluster', 'credentials', 'namespace', 'rights'].map(
      (name) => `${name}: start-up check passed`,
    ),
  );
  assert.equal(started.failed().size, 0);
});

test('the store is asked for the keys of addresses where a template hands them out', async (t) => {
  const servers = await openServers(t);
  const lines = await linesOf(t, await checksOf(servers, { address: 's3' }));
  assert.partialDeepStrictEqual(lines['s3-addresses'], { msg: 'start-up check passed', seconds: 900 });
  const refused = await checksOf(servers, { address: 's3', keys: { secretAccessKey: 'wrong' } });
  assert.match(String((await linesOf(t, refused))['s3-addresses']?.['advice']), /results\.s3KeySeconds/);
});

const rows: {
  name: string;
  faults: (servers: Servers) => Faults;
  failed: string[];
  words: Record<string, RegExp>;
}[] = [
  {
    name: 'a missing namespace',
    faults: () => ({ namespace: 'nowhere' }),
    failed: ['namespace'],
    words: { namespace: /namespaces "nowhere" not found.*kubectl create namespace nowhere/ },
  },
  {
    name: 'a missing bucket',
    faults: () => ({ bucket: 'another-bucket' }),
    failed: ['bucket'],
    words: { bucket: /NoSuchBucket.*Create the bucket another-bucket/ },
  },
  {
    name: 'an unknown access key',
    faults: () => ({ keys: { accessKeyId: 'somebody' } }),
    failed: ['bucket', 'credentials'],
    words: { credentials: /InvalidAccessKeyId.*Check STORE_ACCESS_KEY_ID/ },
  },
  {
    name: 'a wrong secret key',
    faults: () => ({ keys: { secretAccessKey: 'wrong-wrong-wrong' } }),
    failed: ['bucket', 'credentials'],
    words: { credentials: /SignatureDoesNotMatch.*STORE_SECRET_ACCESS_KEY/ },
  },
  {
    name: 'a store that is not there',
    faults: () => ({ endpoint: 'http://127.0.0.1:9' }),
    failed: ['bucket', 'credentials'],
    words: { bucket: /ECONNREFUSED.*Check store\.endpoint/ },
  },
];

for (const { name, faults, failed, words } of rows) {
  test(`${name} is told at the start, with what to do, and nothing else is`, async (t) => {
    const servers = await openServers(t);
    const lines = await linesOf(t, await checksOf(servers, faults(servers)));
    assert.deepEqual(failedOf(lines), failed);
    for (const [check, expected] of Object.entries(words)) {
      assert.match(`${String(lines[check]?.['problem'])} ${String(lines[check]?.['advice'])}`, expected);
    }
    assert.ok(!JSON.stringify(lines).includes(servers.store.keys.secretAccessKey));
  });
}

async function accountOf({ api, stack }: Servers): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { kubeconfig } = api;
  return (await createServiceAccount({ kubeconfig, namespace: 'jobs', folder }, stack)).kubeconfig;
}

test('the deployed Role has all rights; one that lacks some is told which, and passes once it has them', async (t) => {
  const servers = await openServers(t);
  const checks = await checksOf(servers, { kubeconfig: await accountOf(servers) });
  assert.deepEqual(failedOf(await linesOf(t, checks)), []);

  const { kubeconfig } = servers.api;
  const admin = await connect({ kubeconfig, namespace: 'jobs', requestTimeoutMillis });
  servers.stack.defer(() => admin.close());
  const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/jobs/roles/edc-job-provisioner';
  const signal = AbortSignal.timeout(60_000);
  const { rules } = (await admin.json({ method: 'GET', path }, signal)) as {
    rules: { resources: string[]; verbs: string[] }[];
  };
  async function grant(body: object): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await admin.json({ method: 'PATCH', path, body, contentType }, signal);
  }
  const fewer = rules
    .filter(({ resources }) => !resources.includes('events'))
    .map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => verb !== 'watch') }));
  await grant({ rules: fewer });
  const { lines, started } = run(t, checks);
  const line = await waitUntil('the rights are told', () => lines.find(({ check }) => check === 'rights'));
  assert.equal(
    line['problem'],
    'missing in the namespace jobs: watch of jobs.batch; watch of pods; list of events',
  );
  assert.match(String(line['advice']), /deploy\/base\/rbac\.yaml/);
  assert.deepEqual([...started.failed().keys()], ['rights']);
  await grant({ rules });
  await started.ended;
  assert.equal(started.failed().size, 0);
});

test('an account of a namespace that is missing is told that it may be missing', async (t) => {
  const servers = await openServers(t);
  const kubeconfig = await accountOf(servers);
  const lines = await linesOf(t, await checksOf(servers, { kubeconfig, namespace: 'nowhere' }));
  assert.deepEqual(failedOf(lines), ['namespace', 'rights']);
  assert.match(String(lines['namespace']?.['advice']), /If it is missing, create it/);
});

test('a cluster that is down is told once, however often it is asked, and is found when it is back', async (t) => {
  const servers = await openServers(t);
  await servers.api.server.stop();
  const checks = (await checksOf(servers)).filter(({ name }) => name === 'cluster');
  let runs = 0;
  const counted = checks.map((check) => ({
    ...check,
    run: (signal: AbortSignal) => {
      runs += 1;
      return check.run(signal);
    },
  }));
  const { lines, started } = run(t, counted);
  await waitUntil('it was asked five times', () => runs >= 5);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  await servers.api.server.start();
  await started.ended;
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['start-up check failed', 'start-up check passed'],
  );
});

test('a check that never answers is told at its deadline, and the service can stop', async (t) => {
  const hanging: StartupCheck = {
    name: 'cluster',
    run: () => new Promise(() => undefined),
    advice: () => 'wait',
  };
  const { lines, started, end } = run(t, [hanging], { deadlineMillis: 20 });
  await waitUntil('it is told', () => lines.length > 0);
  assert.match(String(lines[0]?.['problem']), /no answer within 20 ms/);
  end.abort();
  await started.ended;
});
