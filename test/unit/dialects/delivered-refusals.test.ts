import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { memoryFlows } from '../http/memory-flows.ts';
import { aConnector, ask, problemIn, provisionBody, startHttp, token } from '../http/start-http.ts';

const path = `/connectors/edc/${token}/provision`;
const callbackPrefix = 'http://edc.example.org/provisioning';

function body(members: Record<string, unknown> = {}): Record<string, unknown> {
  const ids = { flowId: 'flow-1', provisionResourceId: 'resource-1' };
  return { type: 'provision', ...ids, callbackAddress: callbackPrefix, ...members };
}

async function start(t: TestContext, templates = ['*']) {
  const flows = memoryFlows();
  const connectors = [{ ...aConnector('edc', templates), dialect: 'data-plane', callbackPrefix }];
  const { log, entries } = memoryLog();
  const { port } = await startHttp(t, { flows, connectors, dialects: builtInDialects, log });
  return { flows, port, entries };
}

const hopeless = [
  { name: 'a template that is not there', path: `${path}/absent`, reason: /^there is no template "absent"/ },
  { name: 'a name that no template has', path: `${path}/A%20b`, reason: /^there is no template "A b"/ },
  { name: 'an asset that nobody serves', path: `${path}?assetId=absent`, reason: /the asset "absent"/ },
  { name: 'nothing', path, reason: /^assetId: expected \/provision\/<template>/ },
  { name: 'a template that it may not use', path: `${path}/other`, reason: /may not use "other"/ },
];
for (const { name, path: asked, reason } of hopeless) {
  test(`a data plane that asks for ${name} is told to wait, and gets the failure`, async (t) => {
    const { flows, port, entries } = await start(t, ['echo']);
    const replies = [await ask(port, asked, { body: body() }), await ask(port, asked, { body: body() })];
    assert.deepEqual(
      replies.map(({ status, body: answer }) => [status, (JSON.parse(answer) as { answer: string }).answer]),
      [
        [200, 'accepted'],
        [200, 'repeated'],
      ],
    );
    const [view] = flows.views.values();
    assert.equal(flows.views.size, 1);
    assert.match(view?.plan.refused ?? '', reason);
    assert.equal(entries('request accepted to deliver its refusal').length, 2);
  });
}

test('a request that is served is none of these', async (t) => {
  const { flows, port } = await start(t);
  assert.equal((await ask(port, `${path}/echo`, { body: body() })).status, 200);
  const [view] = flows.views.values();
  assert.equal(view?.plan.refused, undefined);
});

test('a callback address that is not the connector’s gets no callback, and so a 400', async (t) => {
  const { flows, port } = await start(t);
  const elsewhere = body({ callbackAddress: 'http://elsewhere.example.org/provisioning' });
  const reply = await ask(port, `${path}/absent`, { body: elsewhere });
  assert.deepEqual([reply.status, problemIn(reply).field], [400, 'callbackAddress']);
  assert.equal(flows.views.size, 0);
});

test('a deprovision of a refused request is answered as any other', async (t) => {
  const { flows, port } = await start(t);
  await ask(port, path, { body: body() });
  assert.equal((await ask(port, path, { body: body({ type: 'deprovision' }) })).status, 200);
  const [view] = flows.views.values();
  assert.equal(view?.deprovisioned, true);
});

test('a control plane is answered with a 4xx, which ends its transfer', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows, dialects: builtInDialects });
  const reply = await ask(port, path, { body: provisionBody({ assetId: 'absent' }) });
  assert.equal(reply.status, 404);
  assert.equal(flows.views.size, 0);
});
