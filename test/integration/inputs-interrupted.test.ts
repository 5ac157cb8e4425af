import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inputUrlsSecretName } from '../../src/flow/names.ts';
import { killSidecar } from '../support/kill-sidecar.ts';
import { needing } from '../support/needs.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startProxiedWorld } from '../support/start-proxied-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Job {
  id: string;
  state: string;
  retryOf?: string;
  detail?: string;
  outcome?: { reason: string; message: string };
}

const script = `set -eu
cat "$INPUT_VIDEO" > "$RESULT_DIRECTORY/video"
ls -A "$(dirname "$INPUT_VIDEO")" > "$RESULT_DIRECTORY/inputs"
`;
// Longer than any wait of this test: no job of it ends because its deadline has passed.
const shell = shellTemplate({ script, limits: { pending: '1h' } });
const inputs = { video: { description: 'The video.', file: 'video.mp4' } };
const document = JSON.parse(shell['template.yaml'] ?? '') as object;
const reader = { ...shell, 'template.yaml': JSON.stringify({ ...document, inputs }) };
// No such host.
const source = 'https://source.invalid/free/';
const settings = {
  http: { answerDeadlineMillis: 20_000 },
  inputs: { allow: [source] },
  reconciler: { maxRunning: 1 },
};

test(
  'a job has its inputs although the service and the sidecar are killed, and again when it is retried',
  needing('/proc'),
  async (t) => {
    const { world, podStore } = await startProxiedWorld(t, { templates: { reader }, settings });
    const { service, bucket, namespace } = world;
    const film = randomBytes(300_000);

    async function call(method: string, path: string, body?: object | Buffer): Promise<Response> {
      const bytes = Buffer.isBuffer(body);
      const type = bytes ? 'video/mp4' : 'application/json';
      return await fetch(`${service.url}/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': type } }),
        ...(body === undefined ? {} : { body: bytes ? new Uint8Array(body) : JSON.stringify(body) }),
      });
    }
    async function idIn(answer: Response): Promise<string> {
      assert.ok([201, 202].includes(answer.status), await answer.clone().text());
      return ((await answer.json()) as Job).id;
    }
    async function start(template: string, video?: object): Promise<string> {
      return await idIn(await call('POST', '/jobs', { template, ...(video && { inputs: { video } }) }));
    }
    async function find(id: string): Promise<Job> {
      return (await (await call('GET', `/jobs/${id}`)).json()) as Job;
    }
    async function untilEnded(id: string): Promise<Job> {
      const job = await waitUntil('the job has ended', async () => {
        const now = await find(id);
        return ['succeeded', 'failed', 'cancelled'].includes(now.state) && now;
      });
      await waitUntil('it is recorded', () => bucket.record(id));
      return job;
    }
    async function assertReceived(id: string): Promise<void> {
      const { state, outcome } = await untilEnded(id);
      assert.equal(state, 'succeeded', JSON.stringify(outcome));
      const files = `/jobs/${id}/results/files`;
      assert.deepEqual(Buffer.from(await (await call('GET', `${files}/video`)).arrayBuffer()), film);
      assert.equal(await (await call('GET', `${files}/inputs`)).text(), 'video.mp4\n');
    }
    function fetches(): number {
      return podStore.requests.filter(({ method, path }) => method === 'GET' && /\/uploads\//.test(path))
        .length;
    }

    const upload = await idIn(await call('POST', '/uploads', film));

    let first = '';
    await t.test('a kill of the service before the start, and of the sidecar during the fetch', async () => {
      await start('gated');
      await waitUntil('its worker runs', () => world.gate.asked > 0);
      const id = await start('reader', { upload });
      await service.kill();
      podStore.fault = ({ path }) =>
        path.includes('/uploads/') ? { kind: 'hang', when: 'before' } : undefined;
      await service.start();
      assert.equal((await find(id)).state, 'accepted');
      world.gate.open();
      await waitUntil('the file is asked for', () => fetches() === 1);
      podStore.fault = () => undefined;
      assert.ok((await killSidecar(id)) > 0);
      await assertReceived(id);
      assert.equal(fetches(), 2);
      first = id;
    });

    await t.test(
      'a retry fetches the same file once more, and fails when that is deleted, also by the record alone',
      async () => {
        const second = await idIn(await call('POST', `/jobs/${first}/retry`, {}));
        await assertReceived(second);
        assert.equal(fetches(), 3);
        // Another job may have been started with the upload.
        assert.equal((await call('DELETE', `/jobs/${first}`)).status, 202);
        assert.equal((await call('GET', `/uploads/${upload}`)).status, 200);

        assert.equal((await call('DELETE', `/uploads/${upload}`)).status, 204);
        // Its record is enough.
        await namespace.deleteJob(second);
        await waitUntil('the Job is gone', async () => (await namespace.job(second)) === undefined);
        const { outcome } = await untilEnded(await idIn(await call('POST', `/jobs/${second}/retry`, {})));
        assert.equal(outcome?.reason, 'input-failed');
        assert.match(outcome.message, /The input video could not be fetched: it is missing/);
        assert.equal(fetches(), 4);
      },
    );

    await t.test(
      'a job is cancelled while its URL does not answer, which is kept nowhere but in its Secret',
      async () => {
        const url = `${source}video.mp4?token=of-the-owner`;
        const id = await start('reader', { url });
        await waitUntil('it waits for its input', async () =>
          /fetches the inputs/.test((await find(id)).detail ?? ''),
        );
        const secret = inputUrlsSecretName(id);
        assert.ok((await namespace.secrets(id)).some(({ metadata }) => metadata?.name === secret));
        assert.equal((await call('POST', `/jobs/${id}/cancel`)).status, 202);
        assert.equal((await untilEnded(id)).state, 'cancelled');

        const retry = await call('POST', `/jobs/${id}/retry`, {});
        assert.equal(retry.status, 409);
        assert.match(await retry.text(), /its input video came from a URL, which is not kept/);
        const places = [await find(id), await bucket.record(id), await namespace.job(id), service.log];
        for (const place of places) assert.doesNotMatch(JSON.stringify(place), /of-the-owner/);
        await namespace.deleteJob(id);
        await waitUntil('the Secret is gone', async () => (await namespace.secrets(id)).length === 0);
      },
    );
  },
);
