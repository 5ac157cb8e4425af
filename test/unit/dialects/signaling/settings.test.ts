import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildAuthorization,
  configuredControlPlanes,
} from '../../../../src/dialects/signaling/authorization/settings.ts';
import { authorizationSettings } from '../../../../src/dialects/signaling/authorization/settings.ts';
import { registrationSettings } from '../../../../src/dialects/signaling/registration/settings.ts';
import { isServiceError } from '../../../../src/errors.ts';
import { closed } from '../../../../src/schemas/kinds.ts';
import { ajv, describeSchemaErrors } from '../../../../src/schemas/schema-problem.ts';

const schema = closed({ ...authorizationSettings, ...registrationSettings });
const validate = ajv.compile(schema);

const complete = {
  dataplaneId: 'jobs',
  controlPlane: { authorization: { type: 'none' } },
  authorization: { audience: 'checked', clockSkewSeconds: 30, keyless: 'refuse', replays: 'accept' },
  registration: { profiles: [], labels: [], renewSeconds: 120, authorization: { type: 'none' } },
};
const credentials = {
  type: 'oauth2_client_credentials',
  tokenEndpoint: 'https://idp.example.org/token',
  clientId: 'jobs',
} as const;

test('settings without any authorization are whole', () => {
  assert.ok(validate(complete), JSON.stringify(validate.errors));
});

const wrong = [
  {
    name: 'an unknown profile',
    authorization: { type: 'basic' },
    problem: /type: expected one of none, oauth2_client/,
  },
  {
    name: 'a missing member',
    authorization: { type: credentials.type },
    problem: /tokenEndpoint: expected an http/,
  },
  {
    name: 'a secret',
    authorization: { ...credentials, clientSecret: 'x' },
    problem: /clientSecret: is not a setting/,
  },
  {
    name: 'a member of another profile',
    authorization: { ...credentials, issuer: 'https://idp.example.org' },
    problem: /issuer: is not a setting/,
  },
];
for (const { name, authorization, problem } of wrong) {
  test(`the settings of a control plane are refused with the member: ${name}`, () => {
    const value = { ...complete, controlPlane: { endpoint: 'https://edc.example.org', authorization } };
    assert.ok(!validate(value));
    const found = describeSchemaErrors(validate.errors, { schema, value, noun: 'a setting' });
    const text = found.map(({ path, reason }) => `${path.join('.')}: ${reason}`).join('\n');
    assert.match(text, problem);
  });
}

test('an authorization has its secret from the environment, and names the variable if it has none', () => {
  const secret = { value: 'secret-of-the-client', variable: 'CONNECTOR_EDC_CLIENT_SECRET' };
  assert.deepEqual(buildAuthorization(credentials, secret), { ...credentials, clientSecret: secret.value });
  assert.equal(buildAuthorization({ type: 'none' }, secret), undefined);
  assert.throws(
    () => buildAuthorization(credentials, { ...secret, value: undefined }),
    (error) => isServiceError(error, 'invalid-config') && /CONNECTOR_EDC_CLIENT_SECRET/.test(error.message),
  );
});

test('the control plane of the settings has the connector’s name unless it has an id, and is none without an endpoint', () => {
  const secret = { value: undefined, variable: 'CONNECTOR_EDC_CLIENT_SECRET' };
  const authorization = { type: 'none' } as const;
  const endpoint = 'https://edc.example.org/signaling';
  assert.deepEqual(configuredControlPlanes({ name: 'edc', controlPlane: { authorization } }, secret), []);
  assert.deepEqual(
    configuredControlPlanes({ name: 'edc', controlPlane: { endpoint, authorization } }, secret),
    [{ id: 'edc', endpoint }],
  );
  assert.deepEqual(
    configuredControlPlanes({ name: 'edc', controlPlane: { id: 'cp-1', endpoint, authorization } }, secret),
    [{ id: 'cp-1', endpoint }],
  );
});
