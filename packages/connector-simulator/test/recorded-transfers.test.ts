import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import { post, startBench } from './scripted-provisioner.ts';

interface Recorded {
  readonly kind: 'request' | 'callback' | 'source' | 'sink';
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly status: number;
}

const versions: ConnectorVersion[] = ['0.10.0', '0.11.1', '0.12.0', '0.15.1'];
const recordings = versions.flatMap((version) =>
  (['push', 'pull'] as const).map((mode) => ({ name: `${version} ${mode}`, version, mode })),
);

for (const { name, version, mode } of recordings) {
  test(`a recorded transfer of ${name} is sent header by header and byte by byte`, async (t) => {
    const recorded = await readRecording(version, mode);
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

    assert.equal(bench.seen.length, 2);
    for (const [index, expected] of [provision, deprovision].entries()) {
      const seen = bench.seen[index];
      assert.ok(seen);
      assert.equal(withoutPort(seen.body), withoutPort(expected.body));
      assert.deepEqual(comparable(seen.rawHeaders), comparable(Object.entries(expected.headers).flat()));
    }
  });
}

async function readRecording(version: string, mode: string): Promise<Recorded[]> {
  const url = new URL(`../recordings/${version}-control-plane-${mode}.json`, import.meta.url);
  return JSON.parse(await readFile(url, 'utf8')) as Recorded[];
}

function withoutPort(body: string): string {
  return body.replace(/127\.0\.0\.1:\d+/g, 'connector');
}

/** Header names as sent, in order; only ports differ between runs, and with them lengths. */
function comparable(rawHeaders: readonly string[]): string[] {
  const unequal = ['Host', 'Content-Length'];
  return rawHeaders.map((text, index) => (unequal.includes(rawHeaders[index - 1] ?? '') ? '' : text));
}
