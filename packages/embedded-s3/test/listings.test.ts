import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucket, openStore, type OpenStore } from './open-store.ts';
import { verdict } from './signed-request.ts';

interface Page {
  readonly keys: string[];
  readonly prefixes: string[];
  readonly token: string | undefined;
  readonly truncated: boolean;
}

async function list(store: OpenStore, query: Record<string, string>): Promise<Page> {
  // aws4 signs what is sent: spaces as %20.
  const search = new URLSearchParams({ 'list-type': '2', ...query }).toString().replaceAll('+', '%20');
  const reply = await store.send({ path: `/${bucket}?${search}` });
  assert.equal(reply.status, 200, reply.text);
  return {
    keys: all(reply.text, /<Contents><Key>([^<]*)/g),
    prefixes: all(reply.text, /<CommonPrefixes><Prefix>([^<]*)/g),
    token: all(reply.text, /<(?:NextContinuationToken|NextMarker)>([^<]*)/g)[0],
    truncated: reply.text.includes('<IsTruncated>true<'),
  };
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

async function fill(store: OpenStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) await store.client.putObject(bucket, key, 'x');
}

test('keys are listed in the order of their UTF-8 bytes', async () => {
  await using store = await openStore();
  const ordered = ['B', 'a', 'a-', 'a/', 'a/b', 'ab', 'é', '日本', '\uff01', '\u{1f600}'];
  await fill(store, [...ordered].reverse());
  assert.deepEqual((await list(store, {})).keys, ordered);
});

test('every page starts where the one before ended, whatever its size', async () => {
  await using store = await openStore();
  const keys = ['a', 'b/1', 'b/2', 'b/3', 'c', 'd/1', 'd/2', 'e'];
  await fill(store, keys);
  for (const size of ['1', '2', '3', '8', '1000']) {
    for (const [delimiter, expected] of [
      ['', keys],
      ['/', ['a', 'b/', 'c', 'd/', 'e']],
    ] as const) {
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const more: Record<string, string> = token === undefined ? {} : { 'continuation-token': token };
        const page = await list(store, { 'max-keys': size, delimiter, ...more });
        seen.push(...page.keys, ...page.prefixes);
        assert.equal(page.truncated, page.token !== undefined);
        token = page.token;
      } while (token !== undefined);
      assert.deepEqual(seen.sort(), expected, `max-keys ${size}, delimiter ${delimiter}`);
    }
  }
});

test('a prefix, a delimiter and start-after narrow the listing', async () => {
  await using store = await openStore();
  await fill(store, ['jobs/1/a', 'jobs/1/b/c', 'jobs/10/a', 'jobs/2/a', 'other']);
  assert.deepEqual((await list(store, { prefix: 'jobs/1/' })).keys, ['jobs/1/a', 'jobs/1/b/c']);
  const folder = await list(store, { prefix: 'jobs/', delimiter: '/' });
  assert.deepEqual(folder, {
    keys: [],
    prefixes: ['jobs/1/', 'jobs/10/', 'jobs/2/'],
    token: undefined,
    truncated: false,
  });
  assert.deepEqual((await list(store, { 'start-after': 'jobs/10/a' })).keys, ['jobs/2/a', 'other']);
  assert.deepEqual(await list(store, { 'max-keys': '0' }), {
    keys: [],
    prefixes: [],
    token: undefined,
    truncated: false,
  });
});

test('the first version of the listing continues from a marker', async () => {
  await using store = await openStore();
  await fill(store, ['a', 'b/1', 'b/2', 'c']);
  const first = await store.send({ path: `/${bucket}?delimiter=%2F&max-keys=2` });
  assert.match(first.text, /<NextMarker>b\/</);
  const second = await store.send({ path: `/${bucket}?delimiter=%2F&marker=b%2F` });
  assert.deepEqual(all(second.text, /<Contents><Key>([^<]*)/g), ['c']);
  assert.deepEqual(all(second.text, /<CommonPrefixes>/g).length, 0);
});

test('odd keys are listed as they are, percent-encoded when asked for', async () => {
  await using store = await openStore();
  const keys = ['a b/+c&d.txt', "q'uote(1)*", 'x/%41', 'ünï/日本'];
  await fill(store, keys);
  const listed: string[] = [];
  const stream = store.client.listObjectsV2(bucket, '', true) as AsyncIterable<{ name: string }>;
  for await (const { name } of stream) listed.push(name);
  assert.deepEqual(listed, keys);
  const encoded = (await list(store, { 'encoding-type': 'url' })).keys;
  assert.deepEqual(encoded.map(decodeURIComponent), keys);
  assert.match(encoded.join(), /^[\w.~%/,-]*$/);
});

for (const [name, query] of [
  ['max-keys', 'max-keys=-1'],
  ['list-type', 'list-type=3'],
  ['encoding-type', 'encoding-type=xml'],
  ['continuation-token', 'list-type=2&continuation-token=%21'],
] as const) {
  test(`a listing with another ${name} than allowed is refused`, async () => {
    await using store = await openStore();
    const path = `/${bucket}?${query.includes('list-type') ? query : `list-type=2&${query}`}`;
    assert.equal(verdict(await store.send({ path })), '400 InvalidArgument');
  });
}

test('every object is listed as its own and only version, in pages', async () => {
  await using store = await openStore();
  await fill(store, ['a', 'b']);
  const first = await store.send({ path: `/${bucket}?versions&max-keys=1` });
  assert.match(first.text, /<Version><Key>a<\/Key><VersionId>null<\/VersionId><IsLatest>true</);
  assert.match(first.text, /<NextKeyMarker>a</);
  const second = await store.send({ path: `/${bucket}?versions&key-marker=a` });
  assert.deepEqual(all(second.text, /<Version><Key>([^<]*)/g), ['b']);
});
