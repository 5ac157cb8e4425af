import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createServerCertificate } from 'embedded-kubernetes/certificate';
import { isServiceError, ServiceError } from '../../../src/errors.ts';
import { environmentKey } from '../../../src/flow/keys.ts';
import { annotation, readAnnotation } from '../../../src/flow/annotations.ts';
import type { FlowRequest } from '../../../src/flow/flow-request.ts';
import {
  credentialsSecretName,
  environmentConfigMapName,
  flowName,
  parametersSecretName,
} from '../../../src/flow/names.ts';
import { acceptFlow } from '../../../src/requests/accept-flow.ts';
import { prepareFlow, renewCredentials } from '../../../src/cluster-objects/prepare-flow.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import type { ScopedCredentials } from '../../../src/storage/mint-credentials.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import type { RenderedTemplate } from '../../../src/template/template.ts';
import { at } from '../../support/flow-values.ts';
import { startTestReconciler, type TestReconciler } from '../../support/test-reconciler.ts';
import { storedKeys } from '../../support/s3-client.ts';
import { openTestStore, readObject, type TestStore } from '../../support/test-store.ts';
import { makeTemplates, templateSettings } from '../template/template-folder.ts';

const { signal } = new AbortController();
const request: FlowRequest = {
  dialect: 'control-plane',
  connector: 'provider',
  ids: { transferProcessId: 't' },
  assetId: 'sample',
  template: 'sample',
  callbackAddress: 'http://127.0.0.1:1/callback',
  acceptedAt: at(0),
};
const flow = flowName(request);

async function start(t: TestContext): Promise<TestReconciler & { server: TestStore; minted: () => number }> {
  const server = await openTestStore();
  const settings = { ...server, publicEndpoint: server.endpoint, requestTimeoutMillis: 30_000 };
  const opened = createObjectStore(settings, server.keys);
  t.after(async () => {
    opened.destroy();
    await server[Symbol.asyncDispose]();
  });
  let minted = 0;
  const minter = {
    lifetimeSeconds: 3600,
    mint(): Promise<ScopedCredentials> {
      minted += 1;
      return Promise.resolve({
        accessKeyId: `id-${minted}`,
        secretAccessKey: `key-${minted}`,
        sessionToken: `token-${minted}`,
        expiration: at(minted * 3600),
      });
    },
  };
  const reconciler = await startTestReconciler(t, { store: opened.store, minter });
  return { ...reconciler, server, minted: () => minted };
}

async function render(jobEnv: string, parameters: Record<string, unknown> = {}): Promise<RenderedTemplate> {
  await using made = await makeTemplates({ 'job.env': jobEnv });
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return renderTemplate(template, { assetId: 'sample', parameters });
}

/** Nearly the most that an environment may hold, and more than an annotation should. */
const large = `BIG=${'x'.repeat(100 * 1024)}\n`;

async function readKey({ api }: TestReconciler, name: string): Promise<string> {
  const secret = await api.cluster.secrets.get(credentialsSecretName(flow), signal);
  return Buffer.from(secret?.data?.[name] ?? '', 'base64').toString('utf8');
}

test('an environment too large for an annotation lies in the bucket, and its Job holds key and sha256', async (t) => {
  const world = await start(t);
  const { deps, api, server, see } = world;
  assert.equal((await acceptFlow(deps, { request, rendered: await render(large) }, signal)).created, true);
  const job = await api.cluster.jobs.get(flow, signal);
  const annotations = job?.metadata?.annotations ?? {};
  assert.ok(JSON.stringify(annotations).length < 16 * 1024);
  const key = environmentKey(flow, request.acceptedAt);
  const stored = await readObject(server, key);
  const sha256 = createHash('sha256').update(stored).digest('hex');
  assert.deepEqual(readAnnotation(annotations, annotation.environment), { key, sha256 });

  await prepareFlow(deps, await see(flow), signal);
  const environment = await api.cluster.configMaps.get(environmentConfigMapName(flow), signal);
  assert.equal(environment?.data?.['BIG'], 'x'.repeat(100 * 1024));
  assert.equal(environment.data['SIZE'], '2');
  assert.equal((await see(flow)).suspended, false);
});

test('an environment that was changed in the bucket runs nothing', async (t) => {
  const { deps, server, see } = await start(t);
  await acceptFlow(deps, { request, rendered: await render(large) }, signal);
  await server.client.putObject(server.bucket, environmentKey(flow, request.acceptedAt), '{"BIG":"evil"}');
  await assert.rejects(
    prepareFlow(deps, await see(flow), signal),
    (error) => isServiceError(error, 'cluster-refused') && error.message.includes('sha256'),
  );
  assert.equal((await see(flow)).suspended, true);
});

test('a small environment is on the Job itself', async (t) => {
  const { deps, api, server } = await start(t);
  await acceptFlow(deps, { request, rendered: await render('A=1\n') }, signal);
  const job = await api.cluster.jobs.get(flow, signal);
  const frozen = readAnnotation(job?.metadata?.annotations ?? {}, annotation.environment);
  assert.ok(frozen !== undefined && 'values' in frozen);
  assert.equal(frozen.values['A'], '1');
  assert.deepEqual(await storedKeys(server, ''), []);
});

test('a repeat changes nothing, nor does another asset under the same ids', async (t) => {
  const { deps, api } = await start(t);
  const rendered = await render('A=1\n');
  const [first, second] = await Promise.all([
    acceptFlow(deps, { request, rendered }, signal),
    acceptFlow(deps, { request, rendered }, signal),
  ]);
  assert.deepEqual([first.created, second.created].sort(), [false, true]);
  const before = await api.cluster.jobs.get(flow, signal);
  const later = { ...request, acceptedAt: at(9), callbackAddress: 'http://127.0.0.1:2/callback' };
  assert.equal((await acceptFlow(deps, { request: later, rendered }, signal)).created, false);
  assert.deepEqual(await api.cluster.jobs.get(flow, signal), before);
  const other = { ...request, assetId: 'another' };
  assert.equal((await acceptFlow(deps, { request: other, rendered }, signal)).created, false);
  assert.deepEqual(await api.cluster.jobs.get(flow, signal), before);
});

test('a flow is prepared twice with the same effect: what a dead process left is taken over', async (t) => {
  const world = await start(t);
  const { deps, api, see } = world;
  const rendered = await render('A=1\n', { TOKEN: 'hush' });
  await acceptFlow(deps, { request, rendered }, signal);
  const stale = await see(flow);
  await prepareFlow(deps, stale, signal);
  await assert.rejects(prepareFlow(deps, stale, signal), (error) =>
    isServiceError(error, 'cluster-conflict'),
  );
  const { uid } = await see(flow);
  const [environment, credentials, parameters] = await Promise.all([
    api.cluster.configMaps.get(environmentConfigMapName(flow), signal),
    api.cluster.secrets.get(credentialsSecretName(flow), signal),
    api.cluster.secrets.get(parametersSecretName(flow, rendered.digest), signal),
  ]);
  for (const object of [environment, credentials, parameters])
    assert.deepEqual(
      object?.metadata?.ownerReferences?.map((owner) => owner.uid),
      [uid],
    );
});

test('renewal puts new keys into the mounted Secret and notes when they end', async (t) => {
  const world = await start(t);
  const { deps, api, see, setClock, minted } = world;
  await acceptFlow(deps, { request, rendered: await render('A=1\n') }, signal);
  await prepareFlow(deps, await see(flow), signal);
  const before = await api.cluster.secrets.get(credentialsSecretName(flow), signal);
  assert.deepEqual((await see(flow)).credentials, { mintedAt: at(0), expiration: at(3600) });
  assert.equal(await readKey(world, 'accessKeyId'), 'id-1');

  setClock(1200);
  await renewCredentials(deps, await see(flow), signal);
  assert.equal(minted(), 2);
  assert.deepEqual((await see(flow)).credentials, { mintedAt: at(1200), expiration: at(7200) });
  const names = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration'];
  assert.deepEqual(await Promise.all(names.map((name) => readKey(world, name))), [
    'id-2',
    'key-2',
    'token-2',
    at(7200),
  ]);
  // The same Secret, still the Job's: a running pod follows it.
  const after = await api.cluster.secrets.get(credentialsSecretName(flow), signal);
  assert.equal(after?.metadata?.uid, before?.metadata?.uid);
  assert.deepEqual(after?.metadata?.ownerReferences, before?.metadata?.ownerReferences);
});

test('authorities beside the public ones are read for each flow, and their file has to be one', async (t) => {
  const world = await start(t);
  const { deps, see } = world;
  const folder = await mkdtemp(join(tmpdir(), 'authorities-'));
  t.after(() => rm(folder, { recursive: true }));
  const caFile = join(folder, 'ca.pem');
  const config = { ...deps.config, pods: { ...deps.config.pods, caFile } };
  await acceptFlow(deps, { request, rendered: await render('A=1\n') }, signal);
  async function assertRefused(problem: RegExp): Promise<void> {
    await assert.rejects(prepareFlow({ ...deps, config }, await see(flow), signal), (error) => {
      assert.ok(isServiceError(error, 'invalid-config'));
      assert.match(
        error.message,
        /^pods\.caFile: expected a PEM file with certificates, but .*ca\.pem is none: /,
      );
      assert.match(error.message, problem);
      return true;
    });
  }
  await assertRefused(/ENOENT/);
  await writeFile(caFile, 'no certificate');
  await assertRefused(/PEM/i);
  await writeFile(caFile, '\n'.repeat(128 * 1024 + 1));
  await assertRefused(/larger than 131072/);
  assert.equal((await see(flow)).suspended, true);

  const [first, second] = [createServerCertificate(new Date()), createServerCertificate(new Date())];
  await writeFile(caFile, first.certificate);
  await prepareFlow({ ...deps, config }, await see(flow), signal);
  assert.equal(await readKey(world, 'ca.pem'), first.certificate);
  await writeFile(caFile, second.certificate);
  await renewCredentials({ ...deps, config }, await see(flow), signal);
  assert.equal(await readKey(world, 'ca.pem'), second.certificate);
});

/** Somebody else's write on the Job while it is prepared. */
const meanwhile = [
  { name: 'the Job controller', annotations: { 'example.org/somebody': 'x' }, starts: true },
  { name: 'a deprovision', annotations: { [annotation.deprovision]: at(1) }, starts: false },
];

for (const { name, annotations, starts } of meanwhile) {
  test(`a Job that ${name} writes on while it is prepared is ${starts ? 'started' : 'not started'}, and prepared once`, async (t) => {
    const { deps, api, see, minted } = await start(t);
    await acceptFlow(deps, { request, rendered: await render('A=1\n') }, signal);
    const { secrets } = deps.cluster;
    const late: typeof secrets = {
      ...secrets,
      add: async (...call) => {
        await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
        await secrets.add(...call);
      },
    };
    const stale = await see(flow);
    const prepared = prepareFlow({ ...deps, cluster: { ...deps.cluster, secrets: late } }, stale, signal);
    if (starts) await prepared;
    else await assert.rejects(prepared, (error) => isServiceError(error, 'cluster-conflict'));
    assert.equal(minted(), 1);
    assert.equal((await see(flow)).suspended, !starts);
  });
}

test('a preparation that fails leaves no write under way that could land on the next one', async (t) => {
  const { deps, api, see } = await start(t);
  await acceptFlow(deps, { request, rendered: await render('A=1\n') }, signal);
  const { configMaps, secrets } = deps.cluster;
  const failed = Promise.withResolvers<undefined>();
  const refusing: typeof configMaps = {
    ...configMaps,
    add: () => {
      setImmediate(() => {
        failed.resolve(undefined);
      });
      return Promise.reject(new ServiceError('cluster-unavailable', 'away'));
    },
  };
  const slow: typeof secrets = {
    ...secrets,
    add: async (...call) => {
      await failed.promise;
      await secrets.add(...call);
    },
  };
  const cluster = { ...deps.cluster, configMaps: refusing, secrets: slow };
  await assert.rejects(prepareFlow({ ...deps, cluster }, await see(flow), signal), {
    code: 'cluster-unavailable',
  });
  assert.notEqual(await api.cluster.secrets.get(credentialsSecretName(flow), signal), undefined);
});
