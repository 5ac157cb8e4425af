import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { answerRequest } from '../../../src/dialects/answer-request.ts';
import { isServiceError } from '../../../src/errors.ts';
import { annotation } from '../../../src/flow/annotations.ts';
import { createLogger } from '../../../src/log.ts';
import { createFlowService } from '../../../src/requests/create-flow-service.ts';
import type { Contract } from '../../../src/template/contract-path.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { noEnvFiles } from '../../support/no-env-files.ts';
import { nothingObserved } from '../../support/observed.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { aConnector } from '../http/start-http.ts';
import { memoryStore } from '../result/stored-results.ts';
import { makeTemplates, templateSettings, templateYaml } from '../template/template-folder.ts';

const { signal } = new AbortController();
const mapped = templateYaml.replace('      minimum: 1\n', '      minimum: 1\n      from: metadata.size\n');

/** The request half on the embedded API server, for requests of a dialect that carries a contract. */
async function start(t: TestContext) {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore() });
  await using made = await makeTemplates({ 'template.yaml': mapped });
  const templates = await loadTemplates(made.directory, templateSettings);
  const flows = createFlowService(deps, nothingObserved);
  const parts = { templates, envFiles: noEnvFiles, flows, busyHoldMillis: 0, now: deps.now };
  const connector = aConnector('edc', ['*']);
  const message = {
    type: 'provision',
    assetId: 'sample',
    callbackAddress: `${connector.callbackPrefix}/x`,
  } as const;
  return {
    async request(id: string, contract?: Contract) {
      const ids = { transferProcessId: id };
      return await answerRequest(
        parts,
        {
          connector,
          message: { ...message, ids, ...(contract === undefined ? {} : { contract }) },
          template: undefined,
          log: createLogger('silent'),
        },
        signal,
      );
    },
    async annotationsOf(flow: string) {
      const job = await api.cluster.jobs.get(flow, signal);
      return job?.metadata?.annotations ?? assert.fail('there is no Job');
    },
    jobs: async () => (await api.cluster.jobs.list({}, signal)).items.length,
  };
}

type World = Awaited<ReturnType<typeof start>>;

async function sizeOf(world: World, flow: string): Promise<unknown> {
  const { values } = JSON.parse((await world.annotationsOf(flow))[annotation.environment] ?? '') as {
    values: Record<string, string>;
  };
  return values['SIZE'];
}

test('a request’s contract gives its flow the parameters that the template takes from it', async (t) => {
  const world = await start(t);
  const { id } = await world.request('a', { metadata: { size: 7 } });
  assert.equal(await sizeOf(world, id), '7');
  const without = await world.request('b');
  assert.equal(await sizeOf(world, without.id), '2');
});

for (const { name, contract } of [
  { name: 'other metadata', contract: { metadata: { size: 8 } } },
  { name: 'metadata that a new request could not have', contract: { metadata: { size: ['x'] } } },
  { name: 'none', contract: undefined },
]) {
  test(`a repeat with ${name} gets the first answer, and the flow keeps its first parameters`, async (t) => {
    const world = await start(t);
    const { id } = await world.request('a', { metadata: { size: 7 } });
    const again = await world.request('a', contract);
    assert.deepEqual([again.id, again.answer], [id, 'repeated']);
    assert.equal(await sizeOf(world, id), '7');
    assert.equal(await world.jobs(), 1);
  });
}

test('a request with an unusable contract creates nothing', async (t) => {
  const world = await start(t);
  await assert.rejects(world.request('a', { metadata: { size: 0 } }), (error) => {
    assert.ok(isServiceError(error, 'invalid-parameters'));
    assert.equal(error.field, 'metadata.size');
    return true;
  });
  assert.equal(await world.jobs(), 0);
});

test('members of a contract that no parameter takes are not in the Job', async (t) => {
  const world = await start(t);
  const filler = 'x'.repeat(500_000);
  const plain = await world.request('a', { metadata: { size: 7 } });
  const large = await world.request('b', { metadata: { size: 7, filler }, claims: { filler } });
  function bytes(annotations: Record<string, string>): number {
    return Buffer.byteLength(JSON.stringify(annotations));
  }
  assert.equal(bytes(await world.annotationsOf(large.id)), bytes(await world.annotationsOf(plain.id)));
});
