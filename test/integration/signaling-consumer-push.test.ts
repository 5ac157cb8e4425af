import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Manifest } from '../../src/result/manifest.ts';
import { startMessage as creation } from '../support/signaling-callbacks.ts';
import { flowOf, message, startScene, type Scene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

/** More than two parts of the store. */
const large = randomBytes(20 * 1024 * 1024);

interface Inbox {
  processId: string;
  url: string;
}

async function preparePush({ send }: Scene, members: object = {}): Promise<Inbox> {
  const { processId, ...prepare } = creation({ profile: 'HttpData-PUSH', ...members });
  const answer = await send('prepare', { processId, ...prepare });
  assert.deepEqual([answer.status, answer.body.state], [200, 'PREPARED']);
  return { processId, url: answer.body.dataAddress?.endpoint ?? '' };
}

async function upload(url: string, body: Buffer | string, init: RequestInit = {}): Promise<Response> {
  return await fetch(url, { method: 'PUT', body, ...init });
}

async function recorded({ world }: Scene, processId: string) {
  return await waitUntil('the flow is recorded', () => world.bucket.record(flowOf(processId)));
}

async function manifestOf({ world }: Scene, processId: string): Promise<Manifest> {
  const keys = await world.bucket.results(flowOf(processId));
  const key = keys.find((one) => one.endsWith('/manifest.json')) ?? '';
  return JSON.parse((await world.bucket.read(key)).toString()) as Manifest;
}

async function complete(scene: Scene, processId: string) {
  assert.equal((await scene.send(`${processId}/started`, message())).status, 200);
  assert.equal((await scene.send(`${processId}/completed`, {})).status, 200);
  return await recorded(scene, processId);
}

test('files that a provider pushes become the results of the consumer, and nothing is sent to its control plane', async (t) => {
  const scene = await startScene(t);
  const { processId, url } = await preparePush(scene);
  const first = await upload(`${url}/first.bin`, large);
  assert.deepEqual(
    [first.status, await first.json()],
    [201, { name: 'first.bin', size: large.length, sha256: sha256(large) }],
  );
  const { outcome, delivery, protocol } = await complete(scene, processId);
  assert.ok(outcome.phase === 'succeeded', JSON.stringify(outcome));
  assert.deepEqual([outcome.results.files, outcome.results.bytes], [1, large.length]);
  assert.deepEqual([delivery.result, protocol?.state], ['skipped', 'COMPLETED']);
  const { files } = await manifestOf(scene, processId);
  assert.deepEqual(
    files.map(({ path, sha256: sum }) => [path, sum]),
    [['first.bin', sha256(large)]],
  );
  assert.deepEqual(scene.controlPlane.callbacks, []);
});

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
