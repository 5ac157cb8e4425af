import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { loadConfig } from '../../../src/config/load-config.ts';
import { connectorCalls } from '../../../src/dialects/connector-calls.ts';
import { controlPlane } from '../../../src/dialects/control-plane/index.ts';
import { rest } from '../../../src/flow/flow-request.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { Connectors } from '../../../src/reconciler/types.ts';
import { aFlow } from '../../support/flow-values.ts';

/** The calls for two connectors, one of which has no management API. */
function start(t: TestContext): Connectors {
  const callbackPrefix = 'http://edc.example.org/management/callback';
  const connectors = [
    { name: 'provider', callbackPrefix },
    { name: 'silent', callbackPrefix, managementVersion: 'none' },
  ];
  const { config, secrets } = loadConfig({
    env: {
      EDC_JP_STORE_ENDPOINT: 'http://store.test',
      EDC_JP_STORE_BUCKET: 'results',
      EDC_JP_CONNECTORS: JSON.stringify(connectors),
      EDC_JP_HTTP_ANSWER_DEADLINE_MILLIS: '3000',
      EDC_JP_RECONCILER_CALLBACK_HOLD_MILLIS: '2000',
      STORE_ACCESS_KEY_ID: 'test',
      STORE_SECRET_ACCESS_KEY: 'test-test-test',
      RESULT_KEYS: `test:${'0'.repeat(32)}`,
      CONNECTOR_PROVIDER_TOKENS: 'token-of-the-connector',
      CONNECTOR_SILENT_TOKENS: 'token-of-the-connector',
    },
  });
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const metrics = createMetrics({ processMetrics: false });
  return connectorCalls({ dialects: [controlPlane], config, secrets, dispatcher, metrics });
}

test('the rules of a flow are those of its dialect, and nobody waits for a flow of people', (t) => {
  const connectors = start(t);
  const { request } = aFlow();
  assert.equal(connectors.rulesOf(request)?.holdMillis, 5000);
  assert.equal(connectors.rulesOf({ ...request, ...rest }), undefined);
});

test('a connector without a management API is not polled', (t) => {
  assert.deepEqual(start(t).polled, ['provider']);
});

for (const change of [{ connector: 'gone' }, { dialect: 'postcards' }]) {
  test(`nothing is sent of a flow whose ${Object.keys(change).join()} is not configured any more`, async (t) => {
    const { name: flow, request } = aFlow();
    const message = { kind: 'failure', reason: 'worker-failed', message: '' } as const;
    const delivery = { flow, request: { ...request, ...change }, message };
    await assert.rejects(start(t).deliver(delivery, t.signal), { code: 'unknown-connector' });
  });
}
