import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { managementAccess, sendWithAccess } from '../../../../src/dialects/edc/management-access.ts';
import { createAccessTokens } from '../../../../src/dialects/access-tokens.ts';
import { numberedTokens, startTokenServer, type TokenAnswer } from '../../../support/token-server.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A management API and the server of its tokens. */
async function start(
  t: TestContext,
  answer: Answer,
  tokens: (index: number) => TokenAnswer = numberedTokens(300),
) {
  const tokenServer = await startTokenServer(tokens);
  const seen: IncomingHttpHeaders[] = [];
  const api = createServer((request, response) => {
    seen.push(request.headers);
    answer(request.resume(), response);
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const dispatcher = new Agent();
  t.after(async () => {
    await dispatcher.destroy();
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
    await tokenServer[Symbol.asyncDispose]();
  });
  const managementOauth2 = { tokenEndpoint: tokenServer.url, clientId: 'jobs' };
  const call = { managementClientSecret: 'secret-of-the-client', accessTokens: createAccessTokens() };
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;
  function send(key?: string) {
    const access = managementAccess({ managementOauth2 }, key, call);
    return sendWithAccess({ url, body: {}, timeoutMillis: 30_000, dispatcher }, access, t.signal);
  }
  return { seen, forms: tokenServer.forms, send };
}

function authorizations(seen: IncomingHttpHeaders[]): unknown[] {
  return seen.map(({ authorization }) => authorization);
}

test('calls carry one token, and the key as well if there is one', async (t) => {
  const { seen, forms, send } = await start(t, (_, response) => response.writeHead(204).end());
  await send('management-key');
  await send();
  assert.deepEqual(authorizations(seen), ['Bearer token-1', 'Bearer token-1']);
  assert.deepEqual(
    seen.map((headers) => headers['x-api-key']),
    ['management-key', undefined],
  );
  assert.equal(forms.length, 1);
});

test('a token that is refused is replaced, and the message is sent again', async (t) => {
  const { seen, send } = await start(t, ({ headers }, response) =>
    response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 204).end(),
  );
  assert.partialDeepStrictEqual(await send(), { got: 'answer', status: 204 });
  assert.partialDeepStrictEqual(await send(), { got: 'answer', status: 204 });
  assert.deepEqual(authorizations(seen), ['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
});

test('a server that refuses every token gets a message twice at most', async (t) => {
  const { seen, send } = await start(t, (_, response) => response.writeHead(401).end());
  assert.partialDeepStrictEqual(await send(), { got: 'answer', status: 401 });
  assert.equal(seen.length, 2);
});

test('nothing is sent without a token', async (t) => {
  const { seen, send } = await start(
    t,
    (_, response) => response.writeHead(204).end(),
    () => ({ status: 400, body: { error: 'invalid_scope' } }),
  );
  const answer = await send('management-key');
  assert.partialDeepStrictEqual(answer, { got: 'nothing', sent: false });
  assert.match('problem' in answer ? answer.problem : '', /invalid_scope/);
  assert.deepEqual(seen, []);
});

test('an answer that shows the request keeps no token', async (t) => {
  const { send } = await start(t, ({ headers }, response) =>
    response.writeHead(500).end(`received ${headers.authorization ?? ''}`),
  );
  assert.partialDeepStrictEqual(await send(), { body: 'received Bearer [redacted]' });
});
