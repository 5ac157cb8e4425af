import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../../../src/config/load-config.ts';
import type { ApiScope } from '../../../../src/config/settings/api.ts';
import { settingsRoute } from '../../../../src/http/routes/settings.ts';
import { ask, startHttp } from '../start-http.ts';

function keyOf(name: string): string {
  return `key-of-${name}-with-more-than-thirty-two-characters`;
}

function entry(name: string, scopes: ApiScope[], connectors: string[] = ['rest']) {
  return { name, scopes, connectors, templates: ['*'], sha256: hash('sha256', keyOf(name)) };
}

const keys = [
  entry('ann', ['read']),
  entry('bob', ['read'], ['one']),
  entry('root', ['read', 'admin']),
  entry('runner', ['run']),
];

const { config } = loadConfig({
  env: {
    EDC_JP_STORE_ENDPOINT: 'http://s3.example.org:9000',
    EDC_JP_STORE_BUCKET: 'results',
    EDC_JP_CONNECTORS: JSON.stringify(
      ['one', 'two'].map((name) => ({ name, callbackPrefix: `http://${name}.example.org/callback` })),
    ),
    EDC_JP_API_KEYS: JSON.stringify(keys),
    STORE_ACCESS_KEY_ID: 'id',
    STORE_SECRET_ACCESS_KEY: 'secret-of-store',
    CONNECTOR_ONE_TOKENS: 'secret-token-of-one',
    CONNECTOR_TWO_TOKENS: 'secret-token-of-two',
    RESULT_KEYS: `k1:${'x'.repeat(32)}`,
  },
});

interface Described {
  name: string;
  version: string;
  dialects: string[];
  links: Record<string, string>;
  settings: {
    connectors: { name: string }[];
    api: { keys: { name: string }[] };
    store: { bucket: string };
  };
}

async function start(t: TestContext) {
  const routes = [settingsRoute({ config, version: '1.2.3' })];
  const { port } = await startHttp(t, { routes, api: config.api });
  return async function look(name: string): Promise<{ status: number; body: Described; text: string }> {
    const headers = { 'x-forwarded-for': '192.0.2.7', authorization: `Bearer ${keyOf(name)}` };
    const { status, body } = await ask(port, '/service', { headers });
    return { status, body: JSON.parse(body) as Described, text: body };
  };
}

test('a key sees the connectors that it lists and its own entries, and an administrator all', async (t) => {
  const look = await start(t);
  for (const [name, connectors, entries] of [
    ['ann', [], ['ann']],
    ['bob', ['one'], ['bob']],
    ['root', ['one', 'two'], keys.map((key) => key.name)],
  ] as const) {
    const { status, body, text } = await look(name);
    assert.equal(status, 200);
    assert.deepEqual(
      body.settings.connectors.map((one) => one.name),
      connectors,
    );
    assert.deepEqual(
      body.settings.api.keys.map((one) => one.name),
      entries,
    );
    assert.deepEqual([body.version, body.dialects], ['1.2.3', ['control-plane', 'data-plane', 'signaling']]);
    assert.equal(body.settings.store.bucket, 'results');
    for (const { sha256 } of keys) assert.ok(!text.includes(sha256));
  }
});

test('the settings need the scope read', async (t) => {
  const look = await start(t);
  assert.equal((await look('runner')).status, 403);
  assert.equal((await look('nobody')).status, 401);
});
