import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvFileOwner, EnvFileSource } from '../../../src/env-files/env-file.ts';
import { ServiceError } from '../../../src/errors.ts';
import type { WantedFlow, WantedReceiver } from '../../../src/requests/flow-service.ts';
import { aTemplate } from '../../support/template-values.ts';
import { memoryFlows } from '../http/memory-flows.ts';
import { ask, provisionBody, startHttp, token } from '../http/start-http.ts';

const path = `/connectors/edc/${token}/provision`;
const asset = { id: 'job-asset', parameters: {} };
const taking = aTemplate({ assets: [asset], environment: { TOWN: 'north' }, envFiles: ['TOWN'] });

/** Flows that keep what was accepted. */
function keepingFlows() {
  const wanted: (WantedFlow | WantedReceiver)[] = [];
  const flows = memoryFlows();
  return {
    wanted,
    flows: {
      ...flows,
      accept: (one: WantedFlow | WantedReceiver, signal: AbortSignal) => {
        wanted.push(one);
        return flows.accept(one, signal);
      },
    },
  };
}

test('a request gets the env files of its asset and of the policy’s assignee', async (t) => {
  const owners: EnvFileOwner[] = [];
  const envFiles: EnvFileSource = {
    current(owner) {
      owners.push(owner);
      const file = { version: 3, digest: 'd', secret: false, values: { TOWN: 'south' } };
      return Promise.resolve([{ owner: 'consumer', ...file }]);
    },
  };
  const { flows, wanted } = keepingFlows();
  const { port } = await startHttp(t, { flows, envFiles, templates: [taking] });
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 200);
  assert.deepEqual(owners, [{ connector: 'edc', assetId: 'job-asset', consumer: 'consumer' }]);
  assert.partialDeepStrictEqual(wanted, [
    { rendered: { environment: { TOWN: 'south' }, envFiles: { consumer: { version: 3, digest: 'd' } } } },
  ]);
});

test('a template without envFiles never reads them', async (t) => {
  const envFiles = { current: () => Promise.reject(new Error('not expected')) };
  const { port } = await startHttp(t, { envFiles, templates: [aTemplate({ assets: [asset] })] });
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 200);
});

test('without the store a new request gets a 503, and a repeat its usual answer', async (t) => {
  let isDown = false;
  const envFiles: EnvFileSource = {
    current: () =>
      isDown ? Promise.reject(new ServiceError('store-unavailable', 'down')) : Promise.resolve([]),
  };
  const http = { busyHoldMillis: 0 };
  const { port } = await startHttp(t, { http, envFiles, templates: [taking] });
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 200);
  isDown = true;
  const repeated = await ask(port, path, { body: provisionBody() });
  const { answer } = JSON.parse(repeated.body) as { answer: string };
  assert.deepEqual([repeated.status, answer], [200, 'repeated']);
  const another = provisionBody({ transferProcessId: 'tp-2' });
  assert.equal((await ask(port, path, { body: another })).status, 503);
});
