import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { listSettings } from '../../../src/config/settings/settings.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { SettingsSchema } from '../../../src/config/settings/settings.ts';
import type { Schema } from '../../../src/schemas/schema-problem.ts';
import { isServiceError } from '../../../src/errors.ts';

const resultKey = '0123456789abcdef0123456789abcdef';
const connector = { name: 'edc-one', callbackPrefix: 'http://edc.example.org:8181/management/callback' };
const apiKey = { name: 'ann', sha256: 'ab'.repeat(32), scopes: ['run', 'read'] };
const good = {
  EDC_JP_STORE_ENDPOINT: 'http://s3.example.org:9000',
  EDC_JP_STORE_BUCKET: 'results',
  EDC_JP_HTTP_PUBLIC_URL: 'https://jobs.example.org/',
  EDC_JP_CONNECTORS: JSON.stringify([connector]),
  STORE_ACCESS_KEY_ID: 'store-key-id',
  STORE_SECRET_ACCESS_KEY: 'store-secret',
  CONNECTOR_EDC_ONE_TOKENS: 'token-of-the-connector',
  CONNECTOR_EDC_ONE_KEY: 'management-key',
  RESULT_KEYS: `k1:${resultKey}`,
};

test('the smallest configuration loads without a warning, and defaults follow from other settings', () => {
  const { config, secrets, warnings } = loadConfig({ env: good });
  assert.deepEqual(warnings, []);
  assert.equal(config.http.answerDeadlineMillis, 3000);
  assert.equal(config.http.publicUrl, 'https://jobs.example.org');
  assert.equal(config.store.podEndpoint, 'http://s3.example.org:9000');
  assert.equal(config.store.publicEndpoint, 'http://s3.example.org:9000');
  assert.deepEqual(config.store.sts, { endpoint: 'http://s3.example.org:9000', region: 'us-east-1' });
  assert.partialDeepStrictEqual(config.connectors, [
    { managementUrl: 'http://edc.example.org:8181/management', resultsUrl: 'https://jobs.example.org' },
  ]);
  assert.deepEqual(secrets.connectors, {
    'edc-one': { tokens: ['token-of-the-connector'], key: 'management-key' },
  });
  assert.deepEqual(secrets.resultKeys, [{ id: 'k1', key: resultKey }]);
});

test('paths without a token are off by default', () => {
  assert.equal(loadConfig({ env: good }).config.http.unauthenticated, 'off');
});

for (const { unauthenticated, host, warned, keys = [] } of [
  { unauthenticated: 'off', host: '0.0.0.0', warned: false },
  { unauthenticated: 'loopback', host: '127.0.0.1', warned: false },
  { unauthenticated: 'loopback', host: '0.0.0.0', warned: true },
  { unauthenticated: 'on', host: '127.0.0.1', warned: false },
  { unauthenticated: 'on', host: '0.0.0.0', warned: true, keys: [apiKey] },
]) {
  test(`a start ${warned ? 'warns' : 'does not warn'} of paths without a token: ${unauthenticated} on ${host}`, () => {
    const { warnings } = loadConfig({
      env: {
        ...withKeys(...keys),
        EDC_JP_HTTP_UNAUTHENTICATED: unauthenticated,
        EDC_JP_HTTP_HOST: host,
      },
    });
    assert.equal(
      warnings.some((line) => line.startsWith('http.unauthenticated')),
      warned,
      warnings.join('\n'),
    );
  });
}

test('no secret is among the settings', () => {
  const { config, secrets } = loadConfig({ env: good });
  const printed = JSON.stringify(config);
  for (const secret of [
    secrets.store.secretAccessKey,
    'token-of-the-connector',
    'management-key',
    resultKey,
  ]) {
    assert.ok(!printed.includes(secret));
  }
});

test('the file wins over the environment with a warning, the environment over the default', (t) => {
  const env = {
    ...good,
    EDC_JP_HTTP_PORT: '9001',
    EDC_JP_HTTP_DRAIN_MILLIS: '7',
    EDC_JP_CONFIG: file(t, 'http: { port: 9002 }'),
  };
  const { config, warnings } = loadConfig({ env });
  assert.equal(config.http.port, 9002);
  assert.equal(config.http.drainMillis, 7);
  assert.deepEqual(warnings, [
    "http.port is set in the file and as EDC_JP_HTTP_PORT: the file's value is used",
  ]);
});

test('lists of names are read from the environment with commas, maps as JSON', () => {
  const env = {
    ...good,
    EDC_JP_IMAGES_PULL_SECRETS: 'one, two',
    EDC_JP_PODS_GPU_NODE_SELECTOR: '{"gpu":"a100"}',
  };
  const { config } = loadConfig({ env });
  assert.deepEqual(config.images.pullSecrets, ['one', 'two']);
  assert.deepEqual(config.pods.gpu.nodeSelector, { gpu: 'a100' });
});

for (const name of ['a\nb', 'a\u0000', 'a b', '', '/x', 'x'.repeat(64)]) {
  test(`a name in a map is refused that no label may have: ${JSON.stringify(name)}`, () => {
    const selector = JSON.stringify({ [name]: 'x', 'example.org/gpu': 'a100' });
    const lines = problemsOf({ ...good, EDC_JP_PODS_GPU_NODE_SELECTOR: selector });
    const found = lines.filter((line) => line.includes('pods.gpu'));
    assert.equal(found.length, 1);
    assert.match(
      found[0] ?? '',
      /^pods\.gpu\.nodeSelector \(EDC_JP_PODS_GPU_NODE_SELECTOR\): expected as each name a name of letters/,
    );
    assert.ok(found[0]?.endsWith(`received ${JSON.stringify(name)}`), found[0]);
  });
}

test('a value in a map is text, whatever its name', () => {
  const lines = problemsOf({ ...good, EDC_JP_PODS_GPU_NODE_SELECTOR: '{"a\\nb":{},"gpu":1}' });
  assert.ok(
    lines.some((line) => line.includes('nodeSelector.gpu') && line.endsWith('expected text, received 1')),
  );
});

test('the loaded configuration is frozen at every level', () => {
  const { config, secrets } = loadConfig({ env: good });
  assert.throws(() => config.connectors[0]?.templates.push('x'), TypeError);
  assert.throws(() => (config.pods.limits.run = 1), TypeError);
  assert.throws(() => secrets.resultKeys.pop(), TypeError);
});

test('all problems are reported at once, each with both names, the expected and the received value', (t) => {
  const path = file(
    t,
    'http: { port: abc, prot: 1 }\nstore: { endpoint: "ftp://x" }\nconnectors: [{ name: Edc }]',
  );
  const lines = problemsOf({ EDC_JP_CONFIG: path, EDC_JP_LOG_LEVEL: 'loud' });
  const expected = [
    'http.port (EDC_JP_HTTP_PORT): expected an integer from 0 to 65535, received "abc"',
    'store.endpoint (EDC_JP_STORE_ENDPOINT): expected an http:// or https:// URL, received "ftp://x"',
    'log.level (EDC_JP_LOG_LEVEL): expected one of fatal, error, warn, info, debug, trace, silent, received "loud"',
    'connectors[0].callbackPrefix (EDC_JP_CONNECTORS): expected an http:// or https:// URL, received nothing',
    'STORE_ACCESS_KEY_ID: expected a secret in the environment, received nothing',
  ];
  for (const line of expected) assert.ok(lines.includes(line), `${line}\nis not in\n${lines.join('\n')}`);
  assert.ok(
    lines.some((line) => line.startsWith('http.prot: is not a setting; expected one of host, port,')),
  );
  assert.ok(
    lines.some((line) => line.startsWith('connectors[0].name (EDC_JP_CONNECTORS): expected a DNS label')),
  );
  assert.ok(lines.some((line) => line.startsWith('RESULT_KEYS: ') && line.includes('openssl rand -hex 32')));
});

const secretsInFiles = [
  { name: 'store.secretAccessKey', yaml: 'store: { secretAccessKey: hush-hush }' },
  {
    name: 'connectors[0].key',
    yaml: 'connectors: [{ name: a, callbackPrefix: "http://a/callback", key: hush-hush }]',
  },
  {
    name: 'connectors[0].managementOauth2.clientSecret',
    yaml: `connectors:
  - name: a
    callbackPrefix: http://a/callback
    managementOauth2: { tokenEndpoint: "http://a/token", clientId: a, clientSecret: hush-hush }`,
  },
  { name: 'resultKeys', yaml: 'resultKeys: hush-hush' },
];
for (const { name, yaml } of secretsInFiles) {
  test(`a secret in the file is refused and not shown: ${name}`, (t) => {
    const lines = problemsOf({ ...good, EDC_JP_CONFIG: file(t, yaml) });
    assert.ok(
      lines.some((line) => line.startsWith(`${name}: is a secret; expected in the environment only`)),
      lines.join('\n'),
    );
    assert.ok(!lines.join().includes('hush-hush'));
  });
}

const dataPlane = { dialect: 'data-plane', managementUrl: 'http://edc.example.org:8181/management' };
const managementOauth2 = { tokenEndpoint: 'https://sso.example.org/token', clientId: 'jobs' };

test('a data plane has a key of its own for the management API', () => {
  const env = { ...withConnector(dataPlane), CONNECTOR_EDC_ONE_MANAGEMENT_KEY: ' control-plane-key ' };
  const { secrets, warnings } = loadConfig({ env });
  assert.deepEqual(warnings, []);
  assert.deepEqual(secrets.connectors['edc-one'], {
    tokens: ['token-of-the-connector'],
    key: 'management-key',
    managementKey: 'control-plane-key',
  });
});

test('the management key of a control plane is its key: a second one is ignored with a warning', () => {
  const { secrets, warnings } = loadConfig({ env: { ...good, CONNECTOR_EDC_ONE_MANAGEMENT_KEY: 'other' } });
  assert.deepEqual(warnings, [
    'CONNECTOR_EDC_ONE_MANAGEMENT_KEY belongs to no configured connector and is ignored',
  ]);
  assert.equal(secrets.connectors['edc-one']?.managementKey, undefined);
});

test('two connectors may not share the variable of a secret', () => {
  const connectors = [
    { ...connector, ...dataPlane },
    { ...connector, name: 'edc-one-management' },
  ];
  const lines = problemsOf({ ...good, EDC_JP_CONNECTORS: JSON.stringify(connectors) });
  assert.ok(
    lines.some((line) => line.endsWith('which both have CONNECTOR_EDC_ONE_MANAGEMENT_KEY')),
    lines.join('\n'),
  );
});

for (const members of [{ managementOauth2 }, { ...dataPlane, managementOauth2 }]) {
  const name = 'dialect' in members ? members.dialect : 'control-plane';
  test(`a client of the management API has its secret in the environment: ${name}`, () => {
    const env = { ...withConnector(members), CONNECTOR_EDC_ONE_MANAGEMENT_CLIENT_SECRET: 'client-secret' };
    const { config, secrets, warnings } = loadConfig({ env });
    assert.deepEqual(warnings, []);
    assert.partialDeepStrictEqual(config.connectors, [{ managementOauth2 }]);
    assert.equal(secrets.connectors['edc-one']?.managementClientSecret, 'client-secret');
  });
}

test('a client without a secret stops the start, and a secret without a client is named', () => {
  const name = 'CONNECTOR_EDC_ONE_MANAGEMENT_CLIENT_SECRET';
  assert.deepEqual(problemsOf(withConnector({ managementOauth2 })).slice(1), [
    `${name}: expected a secret, because of managementOauth2, received nothing`,
  ]);
  const { warnings } = loadConfig({ env: { ...good, [name]: 'client-secret' } });
  assert.deepEqual(warnings, [`${name} is not used: the connector has no managementOauth2`]);
});

test('with a client, nobody misses the key of a control plane', () => {
  const secrets = { CONNECTOR_EDC_ONE_KEY: '', CONNECTOR_EDC_ONE_MANAGEMENT_CLIENT_SECRET: 'client-secret' };
  assert.deepEqual(loadConfig({ env: { ...withConnector({ managementOauth2 }), ...secrets } }).warnings, []);
});

test('the members of a client are checked', () => {
  const withPassword = { ...managementOauth2, tokenEndpoint: 'https://a:b@sso.example.org/' };
  const wrong = { ...withPassword, audience: 'x' };
  const path = 'connectors[0].managementOauth2';
  assert.deepEqual(problemsOf(withConnector({ managementOauth2: wrong })).slice(1, 2), [
    `${path}.audience: is not a setting; expected one of tokenEndpoint, clientId, scope`,
  ]);
  assert.ok(
    problemsOf(withConnector({ managementOauth2: withPassword })).some((line) =>
      line.startsWith(
        `${path}.tokenEndpoint (EDC_JP_CONNECTORS): expected an http:// or https:// URL without`,
      ),
    ),
  );
});

const signaling = { dialect: 'signaling', managementUrl: 'http://edc.example.org:8181/management' };
const authorization = { type: 'oauth2_client_credentials', ...managementOauth2 };
const clients = [
  {
    variable: 'CONNECTOR_EDC_ONE_CONTROL_PLANE_CLIENT_SECRET',
    member: 'controlPlane.authorization.clientId',
    settings: { controlPlane: { endpoint: 'https://edc.example.org/signaling', authorization } },
  },
  {
    variable: 'CONNECTOR_EDC_ONE_DATA_PLANE_CLIENT_SECRET',
    member: 'registration.authorization.clientId',
    settings: { registration: { authorization } },
  },
  {
    variable: 'CONNECTOR_EDC_ONE_REGISTRATION_CLIENT_SECRET',
    member: 'registration.clientId',
    settings: { registration: managementOauth2 },
  },
];
for (const { variable, member, settings } of clients) {
  test(`the secret of a client in a map is in the environment: ${member}`, () => {
    const base = withConnector({ ...signaling, ...settings });
    assert.deepEqual(problemsOf(base).slice(1), [
      `${variable}: expected a secret, because of ${member}, received nothing`,
    ]);
    const { secrets, warnings } = loadConfig({ env: { ...base, [variable]: 'client-secret' } });
    assert.ok(!warnings.some((line) => line.startsWith(variable)), warnings.join('\n'));
    assert.ok(Object.values(secrets.connectors['edc-one'] ?? {}).includes('client-secret'));
    const unused = loadConfig({ env: { ...withConnector(signaling), [variable]: 'client-secret' } });
    assert.ok(unused.warnings.includes(`${variable} is not used: the connector has no ${member}`));
  });
}

test('URLs inside maps of a connector are checked', () => {
  const wrong = { url: 'https://edc.example.org/v4/dataplanes?a=b' };
  const lines = problemsOf(withConnector({ ...signaling, registration: wrong }));
  assert.match(lines[1] ?? '', /^connectors\[0\]\.registration\.url .*expected an http/);
});

function withConnector(more: object): Record<string, string> {
  return { ...good, EDC_JP_CONNECTORS: JSON.stringify([{ ...connector, ...more }]) };
}
function withKeys(...keys: object[]): Record<string, string> {
  return { ...good, EDC_JP_API_KEYS: JSON.stringify(keys) };
}

test('a key has all templates and its own jobs unless it says otherwise', () => {
  assert.deepEqual(loadConfig({ env: withKeys(apiKey) }).config.api.keys, [
    { ...apiKey, templates: ['*'], connectors: ['rest'] },
  ]);
});

test('a key that is written where its SHA-256 belongs is refused and not shown', () => {
  const lines = problemsOf(withKeys({ ...apiKey, sha256: 'hush-hush-'.repeat(4) }));
  assert.ok(
    lines.some((line) => /^api\.keys\[0\]\.sha256 .*expected the SHA-256 of a key in hex/.test(line)),
    lines.join('\n'),
  );
  assert.ok(!lines.join().includes('hush-hush'));
});

test('a key among the settings is refused and not shown', (t) => {
  const yaml = 'api: { keys: [{ name: ann, key: hush-hush, scopes: [run] }] }';
  const lines = problemsOf({ ...good, EDC_JP_CONFIG: file(t, yaml) });
  assert.ok(
    lines.some((line) => line.startsWith('api.keys[0].key: is a secret; expected its SHA-256')),
    lines.join('\n'),
  );
  assert.ok(!lines.join().includes('hush-hush'));
});

const refused = [
  {
    name: 'an API that is open to everybody',
    env: { ...good, EDC_JP_HTTP_UNAUTHENTICATED: 'on' },
    problem: /^http\.unauthenticated .*expected off or loopback, or a key in api\.keys, received on/,
  },
  {
    name: 'one key under two names',
    env: withKeys(apiKey, { ...apiKey, name: 'bob' }),
    problem: /^api\.keys\[1\]\.sha256 .*expected a key of its own, received that of api\.keys\[0\]$/,
  },
  {
    name: 'a key of the name of clients without a key',
    env: withKeys({ ...apiKey, name: 'local' }),
    problem: /^api\.keys\[0\]\.name .*other than "local"/,
  },
  {
    name: 'a key for a connector that is not configured',
    env: withKeys({ ...apiKey, connectors: ['rest', 'edc-two'] }),
    problem: /^api\.keys\[0\]\.connectors .*expected names among \*, rest, edc-one, received "edc-two"$/,
  },
  {
    name: 'a scope that is not known',
    env: withKeys({ ...apiKey, scopes: ['write'] }),
    problem: /^api\.keys\[0\]\.scopes\[0\] .*expected one of run, read, results, supply, admin/,
  },
  {
    name: 'a key without a scope',
    env: withKeys({ ...apiKey, scopes: [] }),
    problem: /^api\.keys\[0\]\.scopes .*expected a list of run, read/,
  },
  ...['*', 'https://jobs.example.org/', 'https://*.example.org', 'null'].map((origin) => ({
    name: `the origin ${origin}`,
    env: { ...good, EDC_JP_API_CORS_ORIGINS: origin },
    problem: /^api\.cors\.origins\[0\] .*expected an origin such as/,
  })),
  {
    name: 'a hold as long as the deadline',
    env: { ...good, EDC_JP_HTTP_BUSY_HOLD_MILLIS: '3000' },
    problem: /^http\.busyHoldMillis .*at most 2999, because of http\.answerDeadlineMillis, received 3000$/,
  },
  {
    name: 'minted keys of ten minutes',
    env: { ...good, EDC_JP_STORE_CREDENTIAL_SECONDS: '600' },
    problem: /^store\.credentialSeconds .*from 900 to 43200, received 600$/,
  },
  {
    name: 'temporary store keys',
    env: { ...good, STORE_SESSION_TOKEN: 'x' },
    problem: /^STORE_SESSION_TOKEN: expected nothing/,
  },
  {
    name: 'a password in a URL',
    env: { ...good, EDC_JP_STORE_ENDPOINT: 'http://u:hidden@s3' },
    problem: /^store\.endpoint .*without user, query and fragment/,
  },
  {
    name: 'a callback prefix with a query',
    env: withConnector({ callbackPrefix: 'http://a/callback?x=1' }),
    problem: /^connectors\[0\]\.callbackPrefix .*without user, query/,
  },
  {
    name: 'the name of flows of the REST API',
    env: { ...withConnector({ name: 'rest' }), CONNECTOR_REST_TOKENS: 'token-of-the-connector' },
    problem: /other than "rest"/,
  },
  {
    name: 'a dialect that is not known',
    env: withConnector({ dialect: 'morse' }),
    problem:
      /^connectors\[0\]\.dialect .*expected one of control-plane, data-plane, signaling, received "morse"$/,
  },
  {
    name: 'a member of no connector of the dialect',
    env: withConnector({ callbackPrefx: 'x' }),
    problem:
      /^connectors\[0\]\.callbackPrefx: is not a setting; expected one of dialect, name, .*callbackPrefix/,
  },
  {
    name: 'two connectors of one name',
    env: { ...good, EDC_JP_CONNECTORS: JSON.stringify([connector, connector]) },
    problem: /^connectors\[1\]\.name .*received "edc-one", which connectors\[0\] has$/,
  },
  {
    name: 'a connector without a token',
    env: { ...good, CONNECTOR_EDC_ONE_TOKENS: '' },
    problem: /^CONNECTOR_EDC_ONE_TOKENS: expected one token/,
  },
  {
    name: 'a third token',
    env: { ...good, CONNECTOR_EDC_ONE_TOKENS: 'aaa,bbb,ccc' },
    problem: /^CONNECTOR_EDC_ONE_TOKENS: /,
  },
  {
    name: 'a token that is no path segment',
    env: { ...good, CONNECTOR_EDC_ONE_TOKENS: 'a/b' },
    problem: /^CONNECTOR_EDC_ONE_TOKENS: /,
  },
  {
    name: 'a short result key',
    env: { ...good, RESULT_KEYS: 'k1:short' },
    problem: /^RESULT_KEYS: .*at least 32 characters as entry 1/,
  },
  {
    name: 'result keys of one id',
    env: { ...good, RESULT_KEYS: `k:${resultKey},k:${resultKey}` },
    problem: /^RESULT_KEYS: expected a different id/,
  },
  {
    name: 'a configuration file that is not there',
    env: { ...good, EDC_JP_CONFIG: '/nowhere/config.yaml' },
    problem: /^\/nowhere\/config\.yaml \(EDC_JP_CONFIG\): expected a YAML file/,
  },
  {
    name: 'connectors that are no JSON',
    env: { ...good, EDC_JP_CONNECTORS: '[{' },
    problem: /^connectors \(EDC_JP_CONNECTORS\): expected a list of connectors/,
  },
];
for (const { name, env, problem } of refused) {
  test(`is refused: ${name}`, () => {
    const lines = problemsOf(env);
    assert.ok(
      lines.some((line) => problem.test(line)),
      lines.join('\n'),
    );
    assert.ok(!lines.join().includes('hidden'));
  });
}

const warned = [
  {
    name: 'a key that is missing',
    env: { ...good, CONNECTOR_EDC_ONE_KEY: '' },
    warning: /^CONNECTOR_EDC_ONE_KEY is not set/,
  },
  { name: 'a short token', env: { ...good, CONNECTOR_EDC_ONE_TOKENS: 'short' }, warning: /shorter than 16/ },
  {
    name: 'a misspelt variable',
    env: { ...good, EDC_JP_HTPP_PORT: '1' },
    warning: /^EDC_JP_HTPP_PORT is not a setting/,
  },
  {
    name: 'secrets of an unknown connector',
    env: { ...good, CONNECTOR_OTHER_KEY: 'x' },
    warning: /^CONNECTOR_OTHER_KEY belongs to no/,
  },
  {
    name: 'no management API',
    env: withConnector({ managementVersion: 'none' }),
    warning: /no failure can be delivered/,
  },
  {
    name: 'a loopback public URL',
    env: { ...good, EDC_JP_HTTP_PUBLIC_URL: 'http://127.0.0.1:8080' },
    warning: /^http\.publicUrl .*cannot be reached/,
  },
  {
    name: 'an authorization of no control plane',
    env: {
      ...withConnector({ ...signaling, controlPlane: { authorization } }),
      CONNECTOR_EDC_ONE_CONTROL_PLANE_CLIENT_SECRET: 'client-secret',
    },
    warning: /^connectors\[0\]\.controlPlane .*has an authorization without an endpoint/,
  },
  {
    name: 'half of a client of the registration',
    env: withConnector({ ...signaling, registration: { tokenEndpoint: managementOauth2.tokenEndpoint } }),
    warning: /^connectors\[0\]\.registration .*has one of tokenEndpoint and clientId/,
  },
  {
    name: 'a pod-internal results URL',
    env: withConnector({ resultsUrl: 'http://jobs.edc.svc:8080' }),
    warning: /^connectors\[0\]\.resultsUrl .*cannot be reached/,
  },
];
for (const { name, env, warning } of warned) {
  test(`gives a warning: ${name}`, () => {
    const { warnings } = loadConfig({ env });
    assert.ok(
      warnings.some((line) => warning.test(line)),
      warnings.join('\n'),
    );
  });
}

test('a service on the loopback may hand out loopback addresses', () => {
  const env = { ...good, EDC_JP_HTTP_HOST: '127.0.0.1', EDC_JP_HTTP_PUBLIC_URL: 'http://localhost:8080' };
  assert.deepEqual(loadConfig({ env }).warnings, []);
});

test('docs/configuration.md has every setting with its default and its meaning', () => {
  const document = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = document.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
  const members = SettingsSchema.properties.connectors.items.oneOf?.flatMap(({ properties }) =>
    Object.entries(properties ?? {}),
  );
  const settings = [
    ...listSettings().map(({ path, schema }) => ({ name: path.join('.'), schema })),
    ...(members ?? []).map(([name, schema]) => ({ name: `connectors[].${name}`, schema })),
    ...Object.entries(SettingsSchema.properties.api.properties.keys.items.properties).map(
      ([name, schema]: [string, Schema]) => ({ name: `api.keys[].${name}`, schema }),
    ),
  ];
  assert.ok(settings.length > 70);
  for (const { name, schema } of settings) {
    const row = rows.find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    const text = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
    const shown = schema.default === undefined ? '–' : `\`${text}\``;
    assert.ok(row.endsWith(`| ${shown} | ${schema.description} |`), `${name}: ${row}`);
  }
});

function file(t: TestContext, yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'config.yaml');
  writeFileSync(path, yaml);
  return path;
}

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig({ env });
  } catch (error) {
    assert.ok(isServiceError(error, 'invalid-config'));
    return error.message.split('\n').map((line) => line.trim());
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' });
}

test('an environment variable that is misspelt is named with the setting that is most like it, without its value', () => {
  const misspelt = {
    EDC_JP_STORE_BUCKETS: 'a-secret',
    EDC_JP_HTTP_PUBLICURL: 'a-secret',
    EDC_JP_CLUSTER_NAMESPAC: 'a-secret',
    EDC_JP_CONFG: 'a-secret',
    EDC_JP_COMPLETELY_DIFFERENT_THING: 'a-secret',
    EDC_JP_RESULTS_SERVICE_HOST: '10.0.0.1',
  };
  const { warnings } = loadConfig({ env: { ...good, ...misspelt } });
  assert.deepEqual(warnings.toSorted(), [
    'EDC_JP_CLUSTER_NAMESPAC is not a setting and is ignored: did you mean EDC_JP_CLUSTER_NAMESPACE?',
    'EDC_JP_COMPLETELY_DIFFERENT_THING is not a setting and is ignored: docs/configuration.md lists all',
    'EDC_JP_CONFG is not a setting and is ignored: did you mean EDC_JP_CONFIG?',
    'EDC_JP_HTTP_PUBLICURL is not a setting and is ignored: did you mean EDC_JP_HTTP_PUBLIC_URL?',
    'EDC_JP_STORE_BUCKETS is not a setting and is ignored: did you mean EDC_JP_STORE_BUCKET?',
  ]);
});

test('a thousand unknown variables are twenty warnings and a number', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`EDC_JP_X_${index}`, '']));
  const { warnings } = loadConfig({ env: { ...good, ...many } });
  assert.equal(warnings.length, 21);
  assert.match(warnings.at(-1) ?? '', /^980 more EDC_JP_… variables are not settings/);
});
