import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../../../src/config/load-config.ts';
import type { Config } from '../../../../src/config/config.ts';
import { deadlineOf, limitsOf } from '../../../../src/reconciler/pushes/limits.ts';
import { aFlow, at } from '../../../support/flow-values.ts';

function configWith(env: Record<string, string> = {}): Config {
  const own = Object.entries(env).map(([name, value]) => [`EDC_JP_${name}`, value]);
  return loadConfig({
    env: {
      EDC_JP_STORE_ENDPOINT: 'http://store.test',
      EDC_JP_STORE_BUCKET: 'results',
      STORE_ACCESS_KEY_ID: 'test',
      STORE_SECRET_ACCESS_KEY: 'test-test-test',
      RESULT_KEYS: `test:${'0'.repeat(32)}`,
      ...(Object.fromEntries(own) as Record<string, string>),
    },
  }).config;
}

const flow = aFlow({ delivery: { attempts: 1, startedAt: at(59), result: 'delivered', endedAt: at(60) } });

test('without settings a transfer has its former limits, and the time of a delivery', () => {
  const config = configWith();
  assert.deepEqual(limitsOf({ config, now: () => new Date(at(100)) }, flow), {
    ...{ idleMillis: 60_000, attempts: 5, retryAfterMillis: 60_000, totalMillis: (86_400 - 40) * 1000 },
    backOff: { firstMillis: 500, maxMillis: 60_000 },
  });
  assert.partialDeepStrictEqual(config.transfers, { concurrency: 4, perConnector: 2 });
  const { reconciler } = configWith({ RECONCILER_DELIVERY_SECONDS: '10' });
  assert.equal(deadlineOf({ ...config, reconciler }, flow), Date.parse(at(70)));
});

test('settings replace them, and a time that is over leaves none', () => {
  const config = configWith({
    ...{ TRANSFERS_IDLE_SECONDS: '7', TRANSFERS_ATTEMPTS: '3', TRANSFERS_RETRY_AFTER_SECONDS: '0' },
    ...{ TRANSFERS_TOTAL_SECONDS: '30', RECONCILER_BACKOFF_FIRST_MILLIS: '10' },
  });
  assert.deepEqual(limitsOf({ config, now: () => new Date(at(100)) }, flow), {
    ...{ idleMillis: 7000, attempts: 3, retryAfterMillis: 0, totalMillis: 0 },
    backOff: { firstMillis: 10, maxMillis: 60_000 },
  });
  assert.equal(deadlineOf(config, flow), Date.parse(at(90)));
});

test('data that is received has its time from the last message on', () => {
  const receiver = aFlow({ plan: { ...flow.plan, receives: true }, lastRequestAt: at(5) });
  assert.equal(deadlineOf(configWith({ TRANSFERS_TOTAL_SECONDS: '30' }), receiver), Date.parse(at(35)));
});
