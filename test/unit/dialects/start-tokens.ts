import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { clientCredentials } from '../../../src/dialects/request-token.ts';
import { createTokenSource, type SourceOptions } from '../../../src/dialects/token-source.ts';
import { newAgent, sendJson, startLoopback, stoppedClocks } from './signaling/loopback-server.ts';

export const secret = 'secret-of-the-client';

/** A token endpoint, which gives numbered opaque tokens of an hour unless a test changes that. */
export async function startTokens(t: TestContext, options: Partial<SourceOptions> = {}) {
  let count = 0;
  function answer(res: ServerResponse): unknown {
    return sendJson(res, { access_token: `token-${(count += 1)}`, token_type: 'Bearer', expires_in: 3600 });
  }
  const state = { answer };
  const server = await startLoopback(t, (res) => state.answer(res));
  const clocks = stoppedClocks();
  const sourceOptions: SourceOptions = {
    dispatcher: newAgent(t),
    timeoutMillis: 30_000,
    stopping: t.signal,
    now: () => new Date(clocks.wall),
    monotonic: () => clocks.monotonic,
    random: () => 0.5,
    ...options,
  };
  const client = { tokenEndpoint: `${server.url}/tenant/token`, clientId: 'jobs', clientSecret: secret };
  const source = createTokenSource(clientCredentials(client), sourceOptions);
  return { server, state, answer, clocks, client, source, sourceOptions };
}
