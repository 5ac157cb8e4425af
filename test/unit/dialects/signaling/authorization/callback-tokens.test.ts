import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCallbackTokens } from '../../../../../src/dialects/signaling/authorization/callback-tokens.ts';
import { secret, startTokens } from '../../start-tokens.ts';

test('a token exchange sends the workload token as its file has it then, and no client', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const workloadTokenFile = join(folder, 'token');
  const { server, sourceOptions } = await startTokens(t);
  const tokens = createCallbackTokens(sourceOptions);
  const authorization = {
    type: 'oauth2_token_exchange',
    tokenExchangeEndpoint: `${server.url}/exchange`,
    issuer: 'http://idp.test',
    jwksUri: 'http://idp.test/keys',
  } as const;
  const controlPlane = { id: 'cp-1', endpoint: 'http://cp.test', authorization };
  const callee = {
    controlPlane,
    rules: { workloadTokenFile, resource: 'urn:jobs', scope: 'signaling:callback' },
  };
  await assert.rejects(tokens.obtain(callee, t.signal), /the workload token cannot be read: .*ENOENT/);
  const clocks = { millis: 0 };
  const later = createCallbackTokens({ ...sourceOptions, monotonic: () => clocks.millis });
  for (const workload of ['workload-1\n', 'workload-2']) {
    await writeFile(workloadTokenFile, workload);
    await later.obtain(callee, t.signal);
    clocks.millis += 3_600_000;
    assert.deepEqual(Object.fromEntries(new URLSearchParams(server.requests.at(-1)?.body)), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: workload.trim(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'cp-1',
      resource: 'urn:jobs',
      scope: 'signaling:callback',
    });
  }
  assert.equal(server.requests.length, 2);
});

test('a control plane that is read again keeps its token, and one with another secret gets another', async (t) => {
  const { server, client, sourceOptions } = await startTokens(t);
  const tokens = createCallbackTokens(sourceOptions);
  function callee(clientSecret: string, id = 'cp-1') {
    const authorization = { type: 'oauth2_client_credentials' as const, ...client, clientSecret };
    return { controlPlane: { id, endpoint: 'http://cp.test', authorization }, rules: {} };
  }
  const first = await tokens.obtain(callee(secret), t.signal);
  assert.equal(await tokens.obtain(callee(secret), t.signal), first);
  assert.notEqual(await tokens.obtain(callee('rotated-secret'), t.signal), first);
  tokens.drop(callee(secret), first ?? '');
  assert.notEqual(await tokens.obtain(callee(secret), t.signal), first);
  assert.equal(server.requests.length, 3);
  const open = { controlPlane: { id: 'cp-1', endpoint: 'http://cp.test' }, rules: {} };
  assert.equal(await tokens.obtain(open, t.signal), undefined);
});

test('a control plane whose token endpoint is down does not delay another one', async (t) => {
  const { client, sourceOptions } = await startTokens(t);
  const down = await startTokens(t);
  down.state.answer = () => undefined;
  const tokens = createCallbackTokens(sourceOptions);
  function callee(id: string, tokenEndpoint: string) {
    const authorization = { type: 'oauth2_client_credentials' as const, ...client, tokenEndpoint };
    return { controlPlane: { id, endpoint: 'http://cp.test', authorization }, rules: {} };
  }
  const leaving = new AbortController();
  const hanging = assert.rejects(
    tokens.obtain(callee('cp-2', down.client.tokenEndpoint), leaving.signal),
    /the test ends/,
  );
  await down.server.next();
  assert.equal(await tokens.obtain(callee('cp-1', client.tokenEndpoint), t.signal), 'token-1');
  leaving.abort(new Error('the test ends'));
  await hanging;
});
