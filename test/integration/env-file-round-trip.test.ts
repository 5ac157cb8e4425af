import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

const script = `set -eu
printf '%s %s' "$TOWN" "$(printf %s "$TOKEN" | sha256sum | cut -c 1-8)" > "$RESULT_DIRECTORY/said.txt"
`;
const template = shellTemplate({ script });
const templateYaml = JSON.stringify({
  ...(JSON.parse(template['template.yaml'] ?? '') as object),
  envFiles: ['TOWN', 'TOKEN'],
  assets: [{ id: 'urn:asset:a/b' }, { id: 'other' }],
});

async function start(t: TestContext): Promise<World> {
  const files = { ...template, 'template.yaml': templateYaml, 'job.env': 'TOWN=north\nTOKEN=open\n' };
  // Callbacks are held for as long as an answer may take.
  const http = { answerDeadlineMillis: 5000 };
  return await startWorld(t, { templates: { towns: files }, settings: { http, log: { level: 'trace' } } });
}

interface Inbox {
  url: string;
  id: string;
}

async function makeInbox({ service }: World, body: object, assetId = 'urn:asset:a/b'): Promise<Inbox> {
  const path = `/api/v1/connectors/provider/assets/${encodeURIComponent(assetId)}/inboxes`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()) as Inbox;
}

/** As the HTTP sink of a data plane sends it: a POST of unknown length. */
async function push(
  url: string,
  body: string | Buffer,
): Promise<{ status: number | undefined; body: object }> {
  const sent = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/octet-stream' } });
  sent.write(body);
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: (await json(answer)) as object };
}

test('a secret env file that a connector pushes to an inbox changes exactly the next job of its consumer', async (t) => {
  const world = await start(t);
  const simulator = world.connector();
  async function request(assetId: string, assignee: string): Promise<string> {
    const { id } = simulator.startTransfer({ assetId, mode: 'pull', assignee });
    await simulator.waitFor(id, 'PROVISIONING_REQUESTED');
    return id;
  }
  async function said(id: string): Promise<string> {
    await simulator.waitFor(id, 'STARTED');
    await simulator.pull(id);
    return await readFile(simulator.received(id)[0]?.path ?? '', 'utf8');
  }
  const asset = 'urn:asset:a/b';
  const inbox = await makeInbox(world, { kind: 'env', consumer: 'one', secret: true });
  const before = await request(asset, 'one');

  const wrong = await push(inbox.url, 'TOWN=south\nPATH=/bin\n');
  assert.partialDeepStrictEqual(wrong, {
    status: 422,
    body: { detail: 'line 2: expected one of TOWN, TOKEN' },
  });
  const secret = randomBytes(16).toString('hex');
  const file = `TOWN=south\nexport TOKEN="${secret}"\n`;
  const first = await push(inbox.url, file);
  assert.partialDeepStrictEqual(first, { status: 201, body: { envFile: { version: 1 } } });
  assert.deepEqual(await push(inbox.url, file), first);
  assert.equal((await push(inbox.url, 'TOWN=west')).status, 409);

  const after = [await request(asset, 'one'), await request(asset, 'two'), await request('other', 'one')];
  const results = await Promise.all([...after, before].map(said));
  function sayingOf(town: string, key: string): string {
    return `${town} ${hash('sha256', key).slice(0, 8)}`;
  }
  const unchanged = sayingOf('north', 'open');
  assert.deepEqual(results, [sayingOf('south', secret), unchanged, unchanged, unchanged]);

  const { namespace, bucket } = world;
  const [, token = ''] = inbox.url.split('/inbox/');
  const encoded = Buffer.from(secret).toString('base64');
  function assertSilent(what: string, value: unknown, ...words: string[]): void {
    const text = JSON.stringify(value);
    for (const word of [secret, encoded, ...words]) assert.ok(!text.includes(word), `${what} has the secret`);
  }
  assertSilent('Jobs', await namespace.jobs());
  assertSilent('pods', await namespace.pods());
  assertSilent('ConfigMaps', await namespace.configMaps());
  assertSilent('the log', world.service.log, token);
  for (const key of await bucket.keys()) assertSilent(key, (await bucket.read(key)).toString('utf8'), token);
  const holders = (await namespace.secrets()).filter(({ data }) =>
    Object.values(data ?? {}).some((value) => Buffer.from(value, 'base64').includes(secret)),
  );
  // Those of the env file, and of the one job that has it.
  assert.deepEqual(holders.flatMap(({ data }) => Object.keys(data ?? {})).sort(), [
    'TOKEN',
    'TOWN',
    'content',
  ]);
});

test('an inbox takes one input file, which becomes an upload, and leaves nothing of a refused one', async (t) => {
  const world = await start(t);
  async function stored(): Promise<string[]> {
    return (await world.bucket.keys()).filter((key) => key.startsWith('uploads/'));
  }
  const { url, id } = await makeInbox(world, { kind: 'input', name: 'map.bin', maxBytes: 1000 });
  assert.equal((await push(url, randomBytes(1001))).status, 413);
  assert.deepEqual(await stored(), []);
  const bytes = randomBytes(1000);
  const first = await push(url, bytes);
  assert.partialDeepStrictEqual(first, { status: 201, body: { name: 'map.bin', size: 1000 } });
  assert.deepEqual(await push(url, bytes), first);
  assert.equal((await push(url, randomBytes(1000))).status, 409);
  const { upload } = first.body as { upload: string };
  assert.deepEqual(await stored(), [`uploads/${upload}/content`, `uploads/${upload}/upload.json`]);
  assert.ok((await world.bucket.read(`uploads/${upload}/content`)).equals(bytes));
  assert.equal((await push(`${url}x`, bytes)).status, 404);
  const inboxes = `${world.service.url}/api/v1/connectors/provider/assets`;
  const delivered = await fetch(`${inboxes}/urn%3Aasset%3Aa%2Fb/inboxes/${id}`);
  assert.deepEqual(await delivered.json(), { id, kind: 'input', name: 'map.bin', upload });
  assert.equal((await fetch(`${inboxes}/other/inboxes/${id}`)).status, 404);
});
