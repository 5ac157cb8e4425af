import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import { assertSent, readRecording } from './recording.ts';
import { post, startBench } from './scripted-provisioner.ts';

const versions: ConnectorVersion[] = ['0.10.0', '0.11.1', '0.12.0', '0.15.1'];
const recordings = versions.flatMap((version) =>
  (['push', 'pull'] as const).map((mode) => ({ name: `${version} ${mode}`, version, mode })),
);

for (const { name, version, mode } of recordings) {
  test(`a recorded transfer of ${name} is sent header by header and byte by byte`, async (t) => {
    const recorded = await readRecording(`${version}-control-plane-${mode}`);
    const [provision, deprovision] = recorded.filter((one) => one.kind === 'request');
    const callback = recorded.find((one) => one.kind === 'callback');
    assert.ok(provision && deprovision && callback);
    const ids = JSON.parse(provision.body) as Record<string, string>;
    const bench = await startBench(t, { version, entryType: 'HttpData' });
    const { id } = bench.simulator.startTransfer({
      assetId: ids['assetId'] ?? '',
      transferProcessId: ids['transferProcessId'] ?? '',
      resourceDefinitionId: ids['resourceDefinitionId'] ?? '',
      mode,
    });
    await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');

    const body = callback.body.replace(/http:\/\/127\.0\.0\.1:\d+/, bench.origin);
    const answer = await post(`${bench.simulator.callbackAddress}/${id}/provision`, body);
    assert.equal(answer.status, callback.status);
    await bench.simulator.waitFor(id, 'STARTED');
    if (mode === 'pull') {
      await bench.simulator.pull(id);
      bench.simulator.complete(id);
    }
    await bench.simulator.waitFor(
      id,
      (process) => process.state.startsWith('DEPROVISIONING_') || process.state === 'DEPROVISIONED',
    );

    assertSent(bench.seen, [provision, deprovision]);
  });
}
