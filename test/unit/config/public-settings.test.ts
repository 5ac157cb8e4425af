import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { publicSettings, PublicSettingsSchema } from '../../../src/config/public-settings.ts';
import { listSecrets } from '../../../src/redact-secrets.ts';
import { ajv } from '../../../src/schemas/schema-problem.ts';

const authorization = {
  type: 'oauth2_client_credentials',
  tokenEndpoint: 'https://login.example.org/token',
  clientId: 'this-data-plane',
};
const managementOauth2 = { tokenEndpoint: 'https://login.example.org/token', clientId: 'management' };
const connectors = [
  { name: 'one', callbackPrefix: 'http://one.example.org/management/callback', managementOauth2 },
  { name: 'two', dialect: 'data-plane', callbackPrefix: 'http://two.example.org/provision/callback' },
  {
    name: 'three',
    dialect: 'signaling',
    callbackPrefix: 'http://three.example.org/control',
    controlPlane: { endpoint: 'http://three.example.org/control', authorization },
    registration: {
      url: 'http://three.example.org/dataplanes',
      tokenEndpoint: 'https://login.example.org/token',
      clientId: 'registration',
      authorization,
    },
  },
];

/** Every secret that a configuration may have. */
const secretVariables = {
  STORE_ACCESS_KEY_ID: 'secret-of-store-id',
  STORE_SECRET_ACCESS_KEY: 'secret-of-store',
  RESULT_KEYS: `k1:secret-of-results-${'x'.repeat(32)},k0:secret-before-${'y'.repeat(32)}`,
  CONNECTOR_ONE_TOKENS: 'secret-token-of-one-now,secret-token-of-one-next',
  CONNECTOR_ONE_KEY: 'secret-key-of-one',
  CONNECTOR_ONE_MANAGEMENT_CLIENT_SECRET: 'secret-of-management-client',
  CONNECTOR_TWO_TOKENS: 'secret-token-of-two',
  CONNECTOR_TWO_KEY: 'secret-key-of-two',
  CONNECTOR_TWO_MANAGEMENT_KEY: 'secret-management-key-of-two',
  CONNECTOR_THREE_TOKENS: 'secret-token-of-three',
  CONNECTOR_THREE_MANAGEMENT_KEY: 'secret-management-key-of-three',
  CONNECTOR_THREE_CONTROL_PLANE_CLIENT_SECRET: 'secret-of-control-plane',
  CONNECTOR_THREE_DATA_PLANE_CLIENT_SECRET: 'secret-of-data-plane',
  CONNECTOR_THREE_REGISTRATION_CLIENT_SECRET: 'secret-of-registration',
};
const sha256 = 'ab'.repeat(32);

function loadFull() {
  const { config, secrets } = loadConfig({
    env: {
      EDC_JP_STORE_ENDPOINT: 'http://s3.example.org:9000',
      EDC_JP_STORE_BUCKET: 'results',
      EDC_JP_CONNECTORS: JSON.stringify(connectors),
      EDC_JP_API_KEYS: JSON.stringify([{ name: 'ann', sha256, scopes: ['read'] }]),
      ...secretVariables,
    },
  });
  return { config, secrets };
}

test('no secret of a full configuration is shown', () => {
  const { config, secrets } = loadFull();
  const shown = JSON.stringify(publicSettings(config));
  assert.ok(listSecrets(secrets).length >= 13);
  assert.ok(listSecrets(secrets).every((secret) => secret.startsWith('secret-')));
  for (const secret of [...listSecrets(secrets), secrets.store.accessKeyId, sha256])
    assert.ok(!shown.includes(secret), secret);
  assert.ok(!shown.includes('secret-'));
});

test('everything else is shown, and fits the schema that describes it', () => {
  const { config } = loadFull();
  const shown = publicSettings(config);
  const expected = {
    ...config,
    api: { ...config.api, keys: config.api.keys.map((key) => ({ ...key, sha256: undefined })) },
  };
  assert.deepEqual(shown, JSON.parse(JSON.stringify(expected)));
  const validate = ajv.compile(PublicSettingsSchema);
  assert.ok(validate(JSON.parse(JSON.stringify(shown))), JSON.stringify(validate.errors));
});

test('a member that no schema declares is not shown', () => {
  const { config } = loadFull();
  const undeclared = { password: 'hunter2', nested: { key: 'hunter2' } };
  const [first, ...others] = config.connectors;
  assert.ok(first);
  const grown = {
    ...config,
    ...undeclared,
    store: { ...config.store, ...undeclared },
    connectors: [{ ...first, ...undeclared }, ...others],
  } as Config;
  assert.deepEqual(publicSettings(grown), publicSettings(config));
});
