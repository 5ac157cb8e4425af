import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';

interface Problem {
  detail: string;
  field: string;
}

const script = `set -eu
printf '%s %s' "$TOWN" "$TICKS" > "$RESULT_DIRECTORY/said.txt"
`;
const properties = {
  TICKS: { type: 'integer', minimum: 1, default: 1 },
  TOWN: { type: 'string', default: 'north' },
};
const template = shellTemplate({ script });
const document = JSON.parse(template['template.yaml'] ?? '') as object;
const templateYaml = JSON.stringify({
  ...document,
  parameters: { properties },
  envFiles: ['*'],
  assets: [{ id: 'urn:asset:https://x.example/a' }, { id: 'other' }],
});

test('an env file of an asset is used by the next job, and former jobs keep theirs', async (t) => {
  const world = await startWorld(t, {
    templates: { towns: { ...template, 'template.yaml': templateYaml } },
    // Callbacks are held for as long as an answer may take.
    settings: { http: { answerDeadlineMillis: 5000 } },
  });
  const api = `${world.service.url}/api/v1`;
  const asset = 'urn:asset:https://x.example/a';
  const env = `${api}/connectors/provider/assets/${encodeURIComponent(asset)}/env`;
  async function put(body: string, { query = '', headers = {} } = {}): Promise<Response> {
    return await fetch(`${env}${query}`, { method: 'PUT', body, headers });
  }
  async function run(assetId: string, assignee: string): Promise<{ said: string; flow: string }> {
    const simulator = world.connector();
    const transfer = simulator.startTransfer({ assetId, mode: 'pull', assignee });
    await simulator.waitFor(transfer.id, 'STARTED');
    await simulator.pull(transfer.id);
    const [received] = simulator.received(transfer.id);
    return { said: await readFile(received?.path ?? '', 'utf8'), flow: world.flowOf(transfer) };
  }

  const wrong = await put('TOWN=south\nTICKS=none\nPATH=/\n');
  assert.equal(wrong.status, 422);
  assert.equal(
    ((await wrong.json()) as Problem).detail,
    'line 2: parameter TICKS: expected an integer from 1, received "none"; line 3: PATH: expected one of TICKS, TOWN',
  );
  assert.equal((await put('x'.repeat(70_000))).status, 413);
  assert.equal((await fetch(env)).status, 404);

  const first = await put("export TOWN='south'\n", { headers: { 'if-none-match': '*' } });
  assert.equal(first.status, 201, await first.clone().text());
  const etag = first.headers.get('etag') ?? '';
  assert.equal((await put('TOWN=west', { headers: { 'if-none-match': '*' } })).status, 412);
  assert.equal((await put('TOWN=west', { headers: { 'if-match': '"1-other"' } })).status, 412);
  assert.equal((await fetch(env, { headers: { 'if-none-match': etag } })).status, 304);
  const before = await run(asset, 'one');
  assert.equal(before.said, 'south 1');

  assert.equal((await put('TOWN=east\nTICKS=2', { headers: { 'if-match': etag } })).status, 200);
  assert.equal((await put('TICKS=3', { query: '?consumer=one' })).status, 201);
  const [one, two, other] = await Promise.all([run(asset, 'one'), run(asset, 'two'), run('other', 'one')]);
  assert.deepEqual([one.said, two.said, other.said], ['east 3', 'east 2', 'north 1']);

  async function envFilesOf(flow: string): Promise<object | undefined> {
    const answer = await fetch(`${api}/jobs/${flow}`);
    return ((await answer.json()) as { envFiles?: object }).envFiles;
  }
  assert.partialDeepStrictEqual(await envFilesOf(before.flow), { asset: { version: 1 } });
  assert.partialDeepStrictEqual(await envFilesOf(one.flow), {
    asset: { version: 2 },
    consumer: { version: 1 },
  });
  assert.equal(await envFilesOf(other.flow), undefined);
  const address = `${api}/connectors/provider/assets/-/env?assetId=${encodeURIComponent(asset)}`;
  const now = (await (await fetch(address)).json()) as Record<string, unknown>;
  assert.deepEqual([now['version'], now['versions'], now['names']], [2, [1, 2], ['TOWN', 'TICKS']]);
  assert.equal((await fetch(env, { method: 'DELETE', headers: { 'if-match': etag } })).status, 412);
  assert.equal((await fetch(env, { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(env)).status, 404);
  assert.equal((await run(asset, 'two')).said, 'north 1');
});

test('a repeat of a start finds its job, whatever version is current', async (t) => {
  const world = await startWorld(t, {
    templates: { towns: { ...template, 'template.yaml': templateYaml } },
    settings: { http: { answerDeadlineMillis: 20_000 } },
  });
  const api = `${world.service.url}/api/v1`;
  async function start(): Promise<{ id: string; envFiles?: { asset: { version: number } } }> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'once' };
    const body = JSON.stringify({ template: 'towns', assetId: 'other' });
    const answer = await fetch(`${api}/jobs`, { method: 'POST', headers, body });
    assert.equal(answer.status, 202, await answer.clone().text());
    return (await answer.json()) as { id: string; envFiles?: { asset: { version: number } } };
  }
  const env = `${api}/connectors/rest/assets/other/env`;
  assert.equal((await fetch(env, { method: 'PUT', body: 'TOWN=south' })).status, 201);
  const first = await start();
  assert.equal((await fetch(env, { method: 'PUT', body: 'TOWN=west' })).status, 200);
  const again = await start();
  assert.deepEqual(
    [again.id, first.envFiles?.asset.version, again.envFiles?.asset.version],
    [first.id, 1, 1],
  );
});
