import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster, User } from '@kubernetes/client-node';
import { isServiceError } from '../../../src/errors.ts';
import { createCredentials } from '../../../src/kubernetes/credentials.ts';

const cluster: Cluster = { name: 'one', server: 'https://cluster.example.org', skipTLSVerify: false };

/** A token of OpenID Connect that does not expire in this century. */
const idToken = ['{"alg":"none"}', '{"exp":4102444800}', 'signature']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

const rows: { name: string; user: Partial<User> | undefined; headers: Record<string, string> }[] = [
  { name: 'no user', user: undefined, headers: {} },
  { name: 'a token', user: { token: 'a-token' }, headers: { Authorization: 'Bearer a-token' } },
  {
    name: 'a name and a password',
    user: { username: 'me', password: 'secret' },
    headers: { Authorization: 'Basic bWU6c2VjcmV0' },
  },
  {
    name: 'a token beside a name',
    user: { username: 'me', password: 'secret', token: 'a-token' },
    headers: { Authorization: 'Bearer a-token' },
  },
  {
    name: 'an impersonated user',
    user: { token: 'a-token', impersonateUser: 'somebody' },
    headers: { Authorization: 'Bearer a-token', 'Impersonate-User': 'somebody' },
  },
  {
    name: 'an auth-provider, through the library',
    user: {
      authProvider: {
        name: 'oidc',
        config: {
          'id-token': idToken,
          'refresh-token': 'x',
          'client-id': 'x',
          'client-secret': 'x',
          'idp-issuer-url': 'https://idp.test',
        },
      },
    },
    headers: { Authorization: `Bearer ${idToken}` },
  },
];

for (const { name, user, headers } of rows) {
  test(`credentials of ${name}`, async () => {
    const credentials = createCredentials({
      cluster,
      user: user === undefined ? undefined : { name: 'me', ...user },
    });
    const identity = await credentials.current();
    assert.deepEqual(identity.headers, headers);
    credentials.close();
  });
}

test('a token is not sent over a connection that is not encrypted, unless the kubeconfig wants no verification', async () => {
  const user = { name: 'me', token: 'a-token' };
  const open = { ...cluster, server: 'http://cluster.example.org' };
  await assert.rejects(
    createCredentials({ cluster: open, user }).current(),
    (error) => isServiceError(error, 'cluster-unavailable') && error.message.includes(open.server),
  );
  const { headers } = await createCredentials({ cluster: { ...open, skipTLSVerify: true }, user }).current();
  assert.deepEqual(headers, { Authorization: 'Bearer a-token' });
});
