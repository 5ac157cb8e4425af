import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createAccessTokens } from '../../../../src/dialects/access-tokens.ts';
import { deliver } from '../../../../src/dialects/signaling/deliver.ts';
import type { SignalingConnector } from '../../../../src/dialects/signaling/settings.ts';
import type { ProtocolState } from '../../../../src/flow/protocol-state.ts';
import type { Message } from '../../../../src/reconciler/types.ts';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import { newAgent, sendJson, startLoopback } from './loopback-server.ts';

const results: Message = {
  kind: 'results',
  address: { type: 'HttpData', baseUrl: 'http://r/x', method: 'GET' },
};
const pushes: ProtocolState = {
  ...{ state: 'STARTED', kind: 'provider-push', profile: 'HttpData-PUSH', access: 'open', answered: [] },
  pushes: true,
};

interface Script {
  /** Of the callback. */
  status?: number;
  body?: string;
  /** In the management API; absent: it has none. */
  state?: string | undefined;
  managed?: boolean;
  message?: Message;
  protocol?: ProtocolState;
  mayBeTaken?: boolean;
}

const page = '<html><h2>HTTP ERROR 500 Internal Server Error</h2></html>';

/** One delivery attempt at a control plane that answers so. */
async function attempt(
  t: TestContext,
  {
    status = 500,
    body = page,
    state,
    managed = false,
    message = results,
    protocol = pushes,
    mayBeTaken = true,
  }: Script,
) {
  const edc = await startLoopback(t, (res, { path }) => {
    if (!path.startsWith('/management')) return res.writeHead(status).end(body);
    return state === undefined ? res.writeHead(503).end() : sendJson(res, [{ '@id': 'process', state }]);
  });
  const connector = {
    ...{ name: 'edc', dialect: 'signaling', callbackPrefix: `${edc.url}/signaling` },
    ...(managed ? { managementUrl: `${edc.url}/management` } : {}),
    managementVersion: 'v3',
  } as unknown as SignalingConnector;
  const request = {
    ...{ dialect: 'signaling', connector: 'edc', ids: { processId: 'process' }, assetId: 'asset' },
    ...{ template: 'echo', acceptedAt: '2026-01-01T00:00:00Z', callbackAddress: connector.callbackPrefix },
  };
  const answer = await deliver(
    {
      ...{ connector, request, message, protocol, mayBeTaken },
      ...{ key: undefined, flow: 'flow-a', timeoutMillis: 30_000, dispatcher: newAgent(t) },
      ...{ accessTokens: createAccessTokens(), redact: createRedactor([]) },
    },
    t.signal,
  );
  return { answer, notices: edc.requests.map(({ path }) => path.replace(/.*\//, '')) };
}

const rows: { name: string; script: Script; result: string }[] = [
  { name: 'that may have started', script: {}, result: 'obsolete' },
  { name: 'whose first started was not sent', script: { mayBeTaken: false }, result: 'failed' },
  {
    name: 'that is no push',
    script: { protocol: { ...pushes, kind: 'provider-pull', pushes: undefined } as never },
    result: 'failed',
  },
  { name: 'behind a proxy that fails', script: { body: 'no backend' }, result: 'failed' },
  { name: 'that is STARTED', script: { managed: true, state: 'STARTED' }, result: 'obsolete' },
  { name: 'that waits', script: { managed: true, state: 'STARTUP_REQUESTED' }, result: 'failed' },
  { name: 'that has ended', script: { managed: true, state: 'TERMINATED' }, result: 'obsolete' },
  { name: 'whose state is not known now', script: { managed: true }, result: 'failed' },
];
for (const { name, script, result } of rows) {
  test(`a 500 to a repeated started is ${result} for a transfer ${name}`, async (t) => {
    const { answer } = await attempt(t, script);
    assert.equal(answer.result, result);
    if (answer.result === 'obsolete') assert.equal(answer.ended, script.state === 'TERMINATED');
  });
}

function conflict(state: string): string {
  return JSON.stringify([{ message: `Could not execute CompleteTransferCommand because it's ${state}` }]);
}

const completions = [
  {
    name: 'that waits for started',
    script: { body: conflict('STARTUP_REQUESTED') },
    notices: ['completed', 'started'],
  },
  { name: 'that is suspended', script: { body: conflict('SUSPENDED') }, notices: ['completed'] },
  {
    name: 'whose start was answered with STARTED',
    script: { body: conflict('STARTUP_REQUESTED'), protocol: { ...pushes, announced: true as const } },
    notices: ['completed'],
  },
];
for (const { name, script, notices } of completions) {
  test(`a refused completed of a transfer ${name} is followed by ${notices.length - 1} started`, async (t) => {
    const sent = await attempt(t, { status: 409, message: { kind: 'transferred' }, ...script });
    assert.deepEqual([sent.answer.result, sent.notices], ['failed', notices]);
  });
}
