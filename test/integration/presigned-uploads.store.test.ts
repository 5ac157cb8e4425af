import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startWorld } from '../support/start-world.ts';

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

interface Presigned {
  id: string;
  partSize: number;
  partCount: number;
  links: { self: string; parts: string; complete: string };
}

interface Page {
  items: { number: number; size: number; url: string }[];
  next?: string;
  expiresAt: string;
}

const partBytes = 8 * 1024 * 1024;
const maxBytes = 1024;
const settings = {
  http: { answerDeadlineMillis: 20_000 },
  uploads: { maxBytes, maxPresignedBytes: 3 * partBytes },
};

test('files beyond the limit are sent to the store in parts, and are whole or not there', async (t) => {
  const { bucket, service } = await startWorld(t, { settings });
  const uploads = `${service.url}/api/v1/uploads`;
  const below = 'uploads/';
  const bytes = randomBytes(2 * partBytes + 3);
  const sha256 = hash('sha256', bytes);

  async function ask(address: string, method = 'GET', sent?: object): Promise<Answer> {
    const json = sent === undefined ? {} : { headers: { 'content-type': 'application/json' } };
    const own = address.replace(/^https?:\/\/[^/]+/, service.url);
    const body = sent === undefined ? {} : { body: JSON.stringify(sent) };
    const answer = await fetch(own, { method, ...json, ...body });
    const text = await answer.text();
    return {
      ...{ status: answer.status, headers: answer.headers },
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  }
  async function start(more: object = {}): Promise<Presigned> {
    const wanted = { name: 'a/scene é.mp4', mediaType: 'video/mp4', size: bytes.length, ...more };
    const { status, headers, body } = await ask(`${uploads}/presigned`, 'POST', wanted);
    assert.equal(status, 201, JSON.stringify(body));
    const upload = body as unknown as Presigned;
    assert.equal(headers.get('location'), upload.links.self);
    return upload;
  }
  async function put({ url }: Pick<Page['items'][number], 'url'>, part: Buffer): Promise<void> {
    const { status } = await fetch(url, { method: 'PUT', body: new Uint8Array(part) });
    assert.equal(status, 200);
  }
  async function pageOf({ links }: Presigned, query = ''): Promise<Page> {
    const { status, body } = await ask(`${links.parts}${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body as unknown as Page;
  }
  async function send(upload: Presigned): Promise<void> {
    for (const { number, url } of (await pageOf(upload)).items)
      await put({ url }, bytes.subarray((number - 1) * partBytes, number * partBytes));
  }
  async function assertNothingIsLeft(): Promise<void> {
    assert.deepEqual(await bucket.openUploadsBelow(below), []);
    assert.deepEqual(await bucket.keys(below), []);
  }

  await t.test('a file becomes an upload when all of its parts are there', async () => {
    const upload = await start({ sha256 });
    assert.deepEqual([upload.partSize, upload.partCount], [partBytes, 3]);
    const described = await ask(upload.links.self);
    assert.deepEqual(described.body, upload);
    const first = await pageOf(upload, '?limit=2');
    assert.deepEqual([first.items.map(({ number }) => number), first.next], [[1, 2], '3']);
    const last = await pageOf(upload, `?limit=2&cursor=${first.next}`);
    assert.deepEqual([last.items.map(({ size }) => size), last.next], [[3], undefined]);
    assert.ok(Date.parse(last.expiresAt) > Date.now());
    const [one, two] = first.items;
    assert.ok(one !== undefined && two !== undefined);
    await put(two, bytes.subarray(partBytes, 2 * partBytes));
    for (const item of last.items) await put(item, bytes.subarray(2 * partBytes));
    const missing = await ask(upload.links.complete, 'POST');
    assert.deepEqual(
      [missing.status, missing.body['detail']],
      [409, `parts: expected ${partBytes} bytes of part 1 of 3, received none`],
    );
    await put(one, bytes.subarray(0, 7));
    const short = await ask(upload.links.complete, 'POST');
    assert.match(String(short.body['detail']), /part 1 of 3, received 7$/);
    await put(one, bytes.subarray(0, partBytes));
    const complete = await ask(upload.links.complete, 'POST');
    assert.equal(complete.status, 200, JSON.stringify(complete.body));
    const { size, name, mediaType, caller } = complete.body;
    assert.deepEqual(
      { size, sha256: complete.body['sha256'], name, mediaType, caller },
      { size: bytes.length, sha256, name: 'scene é.mp4', mediaType: 'video/mp4', caller: 'local' },
    );
    assert.ok(bytes.equals(await bucket.read(`uploads/${upload.id}/content`)));
    assert.deepEqual((await ask(upload.links.complete, 'POST')).body, complete.body);
    assert.deepEqual((await ask(upload.links.self)).body, complete.body);
    assert.equal((await ask(upload.links.parts)).status, 404);
    assert.deepEqual(await bucket.openUploadsBelow(below), []);
    assert.equal((await ask(upload.links.self, 'DELETE')).status, 204);
    await assertNothingIsLeft();
  });

  await t.test('other bytes than those of the digest leave nothing', async () => {
    const upload = await start({ sha256: hash('sha256', 'other') });
    await send(upload);
    const { status, body } = await ask(upload.links.complete, 'POST');
    assert.deepEqual([status, body['field']], [400, 'sha256']);
    await assertNothingIsLeft();
    assert.equal((await ask(upload.links.complete, 'POST')).status, 404);
  });

  await t.test('one that is deleted before it is complete leaves nothing', async () => {
    const upload = await start();
    await send(upload);
    assert.deepEqual((await bucket.openUploadsBelow(below)).length, 1);
    assert.equal((await ask(upload.links.self, 'DELETE')).status, 204);
    await assertNothingIsLeft();
    for (const [address, method] of [
      [upload.links.self, 'GET'],
      [upload.links.self, 'DELETE'],
      [upload.links.parts, 'GET'],
      [upload.links.complete, 'POST'],
    ] as const)
      assert.equal((await ask(address, method)).status, 404, `${method} ${address}`);
  });

  await t.test('a start or a page that cannot be is refused with its field', async () => {
    const upload = await start();
    for (const { address, sent, expected } of [
      { address: '/presigned', sent: { name: 'x', size: 3 * partBytes + 1 }, expected: [413, 'size'] },
      { address: '/presigned', sent: { name: 'x', size: 0 }, expected: [400, 'size'] },
      { address: '/presigned', sent: { name: 'x', size: 1, sha256: 'A' }, expected: [400, 'sha256'] },
      { address: '/presigned', sent: { size: 1 }, expected: [400, 'name'] },
      { address: `/${upload.id}/parts?limit=1001`, expected: [400, 'limit'] },
      { address: `/${upload.id}/parts?cursor=4`, expected: [400, 'cursor'] },
      { address: `/${upload.id}/parts?cursor=1&cursor=2`, expected: [400, 'cursor'] },
    ]) {
      const { status, body } = await ask(`${uploads}${address}`, sent === undefined ? 'GET' : 'POST', sent);
      assert.deepEqual([status, body['field']], expected, JSON.stringify(body));
    }
    await ask(upload.links.self, 'DELETE');
    await assertNothingIsLeft();
  });
});
