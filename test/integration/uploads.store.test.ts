import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Upload {
  id: string;
  name: string;
  mediaType: string;
  size: number;
  sha256: string;
  caller: string;
  createdAt: string;
  expiresAt: string;
  links: { self: string };
}

interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

interface Problem {
  detail: string;
  field?: string;
}

interface Sent {
  bytes: Buffer;
  name: string;
  query?: string;
  headers?: Record<string, string>;
  /** If it is not the bytes alone. */
  sent?: Buffer;
}

const mebibyte = 1024 * 1024;
const maxBytes = 10 * mebibyte;
const settings = { http: { answerDeadlineMillis: 20_000 }, uploads: { maxBytes, concurrency: 2 } };

test('input files are streamed into the bucket, as a whole or not at all', async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), 'no-uploads-'));
  t.after(() => rm(temporary, { recursive: true, force: true }));
  const world = await startWorld(t, { settings, env: { TMPDIR: temporary } });
  const { bucket, service } = world;
  const address = `${service.url}/api/v1/uploads`;
  const below = 'uploads/';

  async function send<Body = Upload>(
    body: Buffer | ReadableStream,
    { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const options = { method: 'POST', body, headers, duplex: 'half' };
    const answer = await fetch(`${address}${query}`, options as RequestInit);
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  }
  /** Sends more than one part, so that the store has an upload in parts, and no end. */
  async function sendHalf(): Promise<ClientRequest> {
    const before = (await bucket.openUploadsBelow(below)).length;
    const sending = request(address, { method: 'POST', headers: { 'content-length': 10 * mebibyte } });
    sending.on('error', () => undefined);
    sending.write(Buffer.alloc(9 * mebibyte));
    await waitUntil('its first part is stored', async () => {
      return (await bucket.openUploadsBelow(below)).length === before + 1;
    });
    return sending;
  }
  async function untilNothingIsLeft(): Promise<void> {
    await waitUntil('nothing is left', async () => {
      assert.deepEqual(await bucket.openUploadsBelow(below), []);
      assert.deepEqual(await bucket.keys(below), []);
      assert.deepEqual(await readdir(temporary), []);
      return true;
    });
  }

  await t.test('one that is too large, whether or not it says so, leaves nothing', async () => {
    const large = Buffer.alloc(maxBytes + 1);
    for (const body of [large, streamOf(large)]) {
      const { status, body: problem } = await send<Problem>(body);
      assert.equal(status, 413);
      assert.match(problem.detail, /at most 10485760 bytes \(uploads\.maxBytes\)/);
      await untilNothingIsLeft();
    }
  });

  await t.test('a form that is not one file of that size leaves nothing', async () => {
    const large = await encode({ file: Buffer.alloc(maxBytes + 1) });
    const huge = await encode({ file: Buffer.alloc(maxBytes + 100_000) });
    const two = await encode({ file: Buffer.alloc(9 * mebibyte), other: Buffer.from('second') });
    const none = await encode({});
    const early = await encode({ name: 'x', file: Buffer.alloc(0) });
    const late = await encode({ file: Buffer.alloc(9 * mebibyte), name: 'x' });
    const one = await encode({ file: Buffer.alloc(9 * mebibyte) });
    const broken = { ...one, body: one.body.subarray(0, -4) };
    for (const { form, status, field } of [
      { form: large, status: 413 },
      { form: { ...large, body: streamOf(large.body) }, status: 413 },
      { form: huge, status: 413 },
      { form: two, status: 400, field: 'other' },
      { form: early, status: 400, field: 'name' },
      { form: late, status: 400, field: 'name' },
      { form: none, status: 400, field: 'body' },
      { form: broken, status: 400, field: 'body' },
    ]) {
      const { status: answered, body } = await send<Problem>(form.body, { headers: form.headers });
      assert.deepEqual([answered, body.field], [status, field], body.detail);
      await untilNothingIsLeft();
    }
  });

  await t.test('a start that is refused leaves none of the files in its form', async () => {
    const film = Buffer.alloc(9 * mebibyte);
    const job = JSON.stringify({ template: 'echo' });
    const cases = [
      { form: await encode({ film, job }), field: 'inputs' },
      { form: await encode({ job, film }), headers: { 'idempotency-key': 'a' }, field: 'inputs' },
      { form: await encode({ film, job, env: 'UNKNOWN=1' }), field: '' },
      { form: await encode({ film }), field: 'job' },
    ];
    for (const { form, headers = {}, field } of cases) {
      const options = {
        method: 'POST',
        body: new Uint8Array(form.body),
        headers: { ...form.headers, ...headers },
      };
      const answer = await fetch(`${service.url}/api/v1/jobs`, options);
      const problem = (await answer.json()) as Problem;
      assert.ok(answer.status >= 400 && answer.status < 500, problem.detail);
      assert.ok(problem.field?.startsWith(field), problem.detail);
      await untilNothingIsLeft();
    }
  });

  await t.test('a client that breaks off leaves nothing', async () => {
    const sending = await sendHalf();
    sending.destroy();
    await untilNothingIsLeft();
  });

  await t.test('one that is not what its digest says leaves nothing', async () => {
    const digest = Buffer.from(hash('sha256', 'other'), 'hex').toString('base64');
    const headers = { 'content-digest': `sha-256=:${digest}:` };
    const { status, body } = await send<Problem>(Buffer.alloc(9 * mebibyte), { headers });
    assert.deepEqual([status, body.field], [400, 'Content-Digest']);
    await untilNothingIsLeft();
  });

  await t.test('those that are not finished do not keep a job from being accepted', async () => {
    const first = await sendHalf();
    const second = await sendHalf();
    const busy = await send<Problem>(Buffer.from('third'));
    assert.equal(busy.status, 503);
    assert.equal(busy.headers.get('retry-after'), '10');
    assert.match(busy.body.detail, /uploads\.concurrency/);
    const started = await fetch(`${service.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: 'echo' }),
    });
    assert.equal(started.status, 202, await started.text());
    const answered = new Promise<number | undefined>((resolve) => {
      first.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    first.end(Buffer.alloc(mebibyte));
    assert.equal(await answered, 201);
    second.destroy();
    await waitUntil('the other one is aborted', async () => {
      return (await bucket.openUploadsBelow(below)).length === 0;
    });
    const keys = await bucket.keys(below);
    assert.deepEqual(
      keys.map((key) => key.split('/').at(-1)),
      ['content', 'upload.json'],
    );
    await bucket.client.removeObjects(bucket.name, keys);
  });

  await t.test('the bucket has the bytes and the answer describes them', async () => {
    const digest = Buffer.from(hash('sha256', 'text'), 'hex').toString('base64');
    const files: Sent[] = [
      {
        bytes: randomBytes(9 * mebibyte + 3),
        query: '?name=a%2F..%2Fscene%20%C3%A9.mp4',
        name: 'scene é.mp4',
      },
      {
        bytes: randomBytes(5),
        headers: { 'content-disposition': 'attachment; filename="x.bin"' },
        name: 'x.bin',
      },
      { bytes: Buffer.alloc(0), name: 'data' },
      { bytes: Buffer.from('text'), headers: { 'repr-digest': `sha-256=:${digest}:` }, name: 'data' },
    ];
    for (const { bytes, name, headers = {}, query = '' } of files) {
      const {
        status,
        headers: answered,
        body,
      } = await send(bytes, {
        query,
        headers: { 'content-type': 'video/mp4', ...headers },
      });
      assert.equal(status, 201);
      const { id, createdAt, expiresAt, links, ...rest } = body;
      const sha256 = hash('sha256', bytes);
      assert.deepEqual(rest, { name, mediaType: 'video/mp4', size: bytes.length, sha256, caller: 'local' });
      assert.equal(answered.get('location'), links.self);
      assert.ok(links.self.endsWith(`/api/v1/uploads/${id}`));
      assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 86_400_000);
      assert.deepEqual(await bucket.read(`uploads/${id}/content`), bytes);
      const { etag, ...stored } = JSON.parse(
        (await bucket.read(`uploads/${id}/upload.json`)).toString('utf8'),
      ) as Upload & { etag: string };
      assert.deepEqual({ ...stored, links }, body);
      assert.equal(etag, (await bucket.client.statObject(bucket.name, `uploads/${id}/content`)).etag);
      const own = links.self.replace(/^https?:\/\/[^/]+/, service.url);
      assert.deepEqual(await (await fetch(own)).json(), body);
      const deleted = await fetch(own, { method: 'DELETE' });
      assert.deepEqual([deleted.status, await bucket.keys(below)], [204, []]);
      for (const method of ['GET', 'DELETE']) {
        const again = await fetch(own, { method });
        assert.deepEqual(
          [again.status, ((await again.json()) as Problem).detail],
          [404, 'there is no such upload'],
        );
      }
    }
  });
});

/** Buffers are files, texts are fields. */
async function encode(
  parts: Record<string, Buffer | string>,
): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const form = new FormData();
  for (const [field, value] of Object.entries(parts))
    if (typeof value === 'string') form.set(field, value);
    else form.set(field, new Blob([new Uint8Array(value)], { type: 'video/mp4' }), `${field}.mp4`);
  const request = new Request('http://127.0.0.1/', { method: 'POST', body: form });
  const body = Buffer.from(await request.arrayBuffer());
  return { body, headers: { 'content-type': request.headers.get('content-type') ?? '' } };
}

function streamOf(bytes: Buffer): ReadableStream {
  return new Blob([new Uint8Array(bytes)]).stream() as ReadableStream;
}
