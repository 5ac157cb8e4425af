import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Bucket } from '../support/bucket.ts';
import { startHttpsSource } from '../support/https-source.ts';
import { shellBlocks } from '../support/shell-blocks.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Job {
  id: string;
  state: string;
  outcome?: { reason: string; message: string };
  results?: { files: number };
}

interface Problem {
  field: string;
  detail: string;
}

const script = `set -eu
cat "$INPUT_VIDEO" > "$RESULT_DIRECTORY/video"
env | sed -n 's/^\\(INPUT_[A-Z_]*\\)=.*\\//\\1 /p' | sort > "$RESULT_DIRECTORY/said"
`;
// Longer than any wait of this test: no job of it ends because its deadline has passed.
const shell = shellTemplate({ script, limits: { pending: '1h' } });
const inputs = {
  video: { description: 'The video.', file: 'video.mp4', mediaTypes: ['video/*'] },
  'side-data': { description: 'What belongs to it.', required: false, maxSize: '1Mi' },
};
const document = JSON.parse(shell['template.yaml'] ?? '') as object;
const reader = { ...shell, 'template.yaml': JSON.stringify({ ...document, inputs }) };
const others = `inputs-${randomBytes(5).toString('hex')}`;

test('a job gets the files that it was accepted with, or fails before its worker starts', async (t) => {
  const film = randomBytes(300_000);
  const source = await startHttpsSource(t, film);
  const folder = await mkdtemp(join(tmpdir(), 'authorities-'));
  t.after(() => rm(folder, { recursive: true }));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, source.certificate);
  const settings = {
    http: { answerDeadlineMillis: 20_000 },
    inputs: { allow: [`s3://${others}/free/`, `${source.origin}/free/`] },
    pods: { caFile },
    reconciler: { maxRunning: 1, leaseSeconds: 30 },
  };
  const world = await startWorld(t, { templates: { reader }, settings });
  const { bucket, namespace } = world;
  const api = `${world.service.url}/api/v1`;
  const other = new Bucket(others, world.servers.s3);
  await other.create();
  if (!world.servers.disposable.store) t.after(() => other.destroy());

  async function upload(bytes: Buffer): Promise<string> {
    const headers = { 'content-type': 'video/mp4' };
    const answer = await fetch(`${api}/uploads`, { method: 'POST', body: new Uint8Array(bytes), headers });
    assert.equal(answer.status, 201, await answer.clone().text());
    return ((await answer.json()) as { id: string }).id;
  }
  async function remove(id: string): Promise<void> {
    assert.equal((await fetch(`${api}/uploads/${id}`, { method: 'DELETE' })).status, 204);
  }
  async function ask(members: object): Promise<Response> {
    return await fetch(`${api}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: 'reader', ...members }),
    });
  }
  async function idIn(answer: Response): Promise<string> {
    assert.equal(answer.status, 202, await answer.clone().text());
    return ((await answer.json()) as Job).id;
  }
  async function start(references: object): Promise<string> {
    return await idIn(await ask({ inputs: references }));
  }
  async function find(id: string): Promise<Job> {
    return (await (await fetch(`${api}/jobs/${id}`)).json()) as Job;
  }
  async function untilEnded(id: string): Promise<Job> {
    return await waitUntil('the job has ended', async () => {
      const job = await find(id);
      return ['succeeded', 'failed', 'cancelled'].includes(job.state) && job;
    });
  }
  async function result(id: string, path: string): Promise<Buffer> {
    const job = await untilEnded(id);
    assert.equal(job.state, 'succeeded', JSON.stringify(job.outcome));
    return Buffer.from(await (await fetch(`${api}/jobs/${id}/results/files/${path}`)).arrayBuffer());
  }
  async function refusal(members: object): Promise<[number, string]> {
    const answer = await ask(members);
    return [answer.status, ((await answer.json()) as Problem).field];
  }
  /** No worker was started, and nothing of the job is left but its record. */
  async function assertFailed(id: string, says: RegExp): Promise<void> {
    const { state, outcome, results } = await untilEnded(id);
    assert.deepEqual([state, outcome?.reason], ['failed', 'input-failed'], outcome?.message);
    assert.match(outcome?.message ?? '', says);
    assert.equal(results, undefined);
    const { attempt } = await waitUntil('the record is written', () => bucket.record(id));
    assert.equal(attempt?.worker, undefined);
    await waitUntil('no pod is left', async () => (await namespace.pods(id)).length === 0);
    assert.deepEqual(await bucket.openUploads(id), []);
  }

  await t.test(
    'the worker reads uploads, the files of a form, objects of another bucket and URLs',
    async () => {
      await other.write('free/film é.mp4', film);
      const form = new FormData();
      form.set('job', JSON.stringify({ template: 'reader' }));
      form.set('video', new Blob([new Uint8Array(film)], { type: 'video/mp4' }), 'a.mp4');
      form.set('side-data', new Blob(['']), 'empty');
      const sha256 = hash('sha256', film);
      const jobs = {
        upload: await start({ video: { upload: await upload(film), sha256 } }),
        form: await idIn(await fetch(`${api}/jobs`, { method: 'POST', body: form })),
        object: await start({ video: { url: `s3://${others}/free/film é.mp4` } }),
        url: await start({ video: { url: `${source.origin}/free/film?token=of-the-owner`, sha256 } }),
      };
      for (const [name, id] of Object.entries(jobs)) {
        assert.deepEqual(await result(id, 'video'), film, name);
        const side = name === 'form' ? 'INPUT_SIDE_DATA side-data\n' : '';
        assert.equal(String(await result(id, 'said')), `${side}INPUT_VIDEO video.mp4\n`);
      }
      assert.deepEqual(source.asked, ['/free/film?token=of-the-owner']);
    },
  );

  await t.test('repeats of a form with a key get one job, and leave no second upload', async () => {
    const known = await bucket.keys('uploads/');
    async function send(bytes: Buffer, key = 'form'): Promise<Response> {
      const form = new FormData();
      form.set('job', JSON.stringify({ template: 'reader' }));
      form.set('video', new Blob([new Uint8Array(bytes)], { type: 'video/mp4' }), 'a.mp4');
      return await fetch(`${api}/jobs`, { method: 'POST', body: form, headers: { 'idempotency-key': key } });
    }
    async function added(): Promise<string[]> {
      const keys = await bucket.keys('uploads/');
      return keys.filter((one) => !known.includes(one)).map((one) => one.split('/').at(-1) ?? '');
    }
    const atOnce = await Promise.all([send(film), send(film), send(film)]);
    const ids = await Promise.all([...atOnce, await send(film)].map(idIn));
    assert.equal(new Set(ids).size, 1, ids.join());
    assert.deepEqual(await added(), ['content', 'upload.json']);
    const other = await send(randomBytes(film.length));
    assert.deepEqual([other.status, ((await other.json()) as Problem).field], [422, 'Idempotency-Key']);
    assert.deepEqual(await added(), ['content', 'upload.json']);
    assert.deepEqual(await result(ids[0] ?? '', 'video'), film);
  });

  await t.test('the documented form starts a job with its configuration and its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'start-form-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'job.yaml'), 'template: reader\nlabels:\n  project: form\n');
    await writeFile(join(folder, 'my.env'), '# nothing\n');
    await writeFile(join(folder, 'scene.mp4'), film);
    const root = new URL('../../', import.meta.url);
    const block = shellBlocks('docs/http-api.md', root).find(({ commands }) =>
      commands.includes('jobConf=@'),
    );
    const commands = block?.commands.replaceAll('http://localhost:8080', world.service.url) ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-e', '-c', commands], { cwd: folder });
    const job = JSON.parse(stdout) as Job & { labels: object };
    assert.deepEqual(job.labels, { project: 'form' }, stdout);
    assert.deepEqual(await result(job.id, 'video'), film);
  });

  await t.test('a start names the input that is missing, unknown, deleted or not allowed', async () => {
    const deleted = await upload(film);
    await remove(deleted);
    assert.deepEqual(await refusal({}), [400, 'inputs.video']);
    assert.deepEqual(await refusal({ inputs: { other: { upload: deleted } } }), [422, 'inputs.other']);
    assert.deepEqual(await refusal({ inputs: { video: { upload: deleted } } }), [422, 'inputs.video.upload']);
    const url = `s3://${others}/film.mp4`;
    assert.deepEqual(await refusal({ inputs: { video: { url } } }), [422, 'inputs.video.url']);
  });

  await t.test('a file that is deleted or changed before the start ends the job, and no other', async () => {
    const gated = await idIn(await ask({ template: 'gated' }));
    await waitUntil('it runs', async () => (await find(gated)).state === 'running');
    const [lost, same, kept, side] = [
      await upload(film),
      await upload(film),
      await upload(film),
      await upload(Buffer.from('side')),
    ];
    await other.write('free/changing', film);
    const jobs = {
      deleted: await start({ video: { upload: lost } }),
      changed: await start({ video: { url: `s3://${others}/free/changing` } }),
      other: await start({ video: { url: `s3://${others}/free/film é.mp4`, sha256: 'f'.repeat(64) } }),
      oneOfTwo: await start({ video: { upload: same }, 'side-data': { upload: side } }),
      whole: await start({ video: { upload: kept } }),
    };
    await remove(lost);
    await remove(side);
    await other.write('free/changing', randomBytes(film.length));
    world.gate.open();
    await assertFailed(jobs.deleted, /The input video could not be fetched: it is missing/);
    await assertFailed(jobs.changed, /The input video could not be fetched: it has changed/);
    await assertFailed(jobs.other, /The input video could not be fetched: expected sha256 f{64}, received /);
    await assertFailed(jobs.oneOfTwo, /The input side-data could not be fetched: it is missing/);
    assert.deepEqual(await result(jobs.whole, 'video'), film);
  });
});
