import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import type { Bench } from './scripted-provisioner.ts';
import { callbackBody, post, startBench } from './scripted-provisioner.ts';

/** Calls back from inside the provisioner's request handler, before it answers. */
async function overtake(bench: Bench): Promise<{ id: string; status: number }> {
  let status = 0;
  bench.script = async (response, index, { message }) => {
    if (index === 0) {
      const url = `${bench.simulator.callbackAddress}/${message.transferProcessId}/provision`;
      status = (await post(url, callbackBody(bench, message.resourceDefinitionId))).status;
    }
    response.end();
  };
  const { id } = bench.simulator.startTransfer({ assetId: 'job-asset' });
  await bench.simulator.waitFor(id, (process) => process.state.startsWith('DEPROVISION'));
  return { id, status };
}

test('at 0.10.0 an overtaking callback is a 204, and the consumer gets the wrong bytes', async (t) => {
  const bench = await startBench(t, { version: '0.10.0' });
  const { id, status } = await overtake(bench);
  const process = await bench.simulator.waitFor(id, 'COMPLETED');
  assert.equal(status, 204);
  assert.equal(process.overtaken, true);
  assert.equal(process.counts.source, 0);
  const [received] = bench.simulator.received(id);
  assert.equal(await readFile(received?.path ?? '', 'utf8'), 'the wrong bytes');
});

const later: { version: ConnectorVersion; detail: string }[] = [
  { version: '0.11.1', detail: 'DataPlane not found' },
  { version: '0.12.0', detail: 'DataPlane not found' },
  { version: '0.15.1', detail: 'No dataplane found' },
];
for (const { version, detail } of later) {
  test(`at ${version} an overtaking callback is a 204, and the transfer is terminated`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, status } = await overtake(bench);
    const process = await bench.simulator.waitFor(id, 'TERMINATED');
    assert.equal(status, 204);
    assert.equal(process.overtaken, true);
    assert.equal(process.errorDetail, detail);
    assert.deepEqual(bench.simulator.received(id), []);
  });
}

test('a callback between the answer and the save overtakes as well', async (t) => {
  const bench = await startBench(t, { version: '0.10.0', saveDelayMillis: 600_000 });
  const { id, resourceDefinitionId } = bench.simulator.startTransfer({ assetId: 'job-asset' });
  await bench.simulator.waitFor(id, ({ state }) => state === 'PROVISIONING');
  while (bench.simulator.exchanges({ kind: 'provision' }).length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const url = `${bench.simulator.callbackAddress}/${id}/provision`;
  assert.equal((await post(url, callbackBody(bench, resourceDefinitionId))).status, 204);
  assert.equal(bench.simulator.process(id).overtaken, true);
});

test('a resent request can be overtaken like the first', async (t) => {
  const bench = await startBench(t, { version: '0.10.0' });
  const { id, resourceDefinitionId } = bench.simulator.startTransfer({ assetId: 'job-asset' });
  await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');
  bench.script = async (response, index) => {
    const url = `${bench.simulator.callbackAddress}/${id}/provision`;
    if (index === 1) await post(url, callbackBody(bench, resourceDefinitionId));
    response.end();
  };
  bench.simulator.resend(id);
  const process = await bench.simulator.waitFor(id, 'COMPLETED');
  assert.equal(process.overtaken, true);
});

test('a callback after the process was saved does not overtake', async (t) => {
  const bench = await startBench(t, { version: '0.10.0' });
  const { id, resourceDefinitionId } = bench.simulator.startTransfer({ assetId: 'job-asset' });
  const requested = await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');
  assert.ok(requested.answeredAt !== undefined);
  await post(`${bench.simulator.callbackAddress}/${id}/provision`, callbackBody(bench, resourceDefinitionId));
  const process = await bench.simulator.waitFor(id, 'COMPLETED');
  assert.equal(process.overtaken, false);
  const [callback] = bench.simulator.exchanges({ kind: 'callback' });
  assert.ok(callback && callback.at >= requested.answeredAt);
});
