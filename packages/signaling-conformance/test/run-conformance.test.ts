import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlPlane } from '../src/control-plane.ts';
import { conformanceTests, settingNames } from '../src/index.ts';
import { runConformance } from '../src/run-conformance.ts';
import { correct } from './rules.ts';
import { failedIds, runAgainst } from './run-against.ts';

test('the ids of the public kit are there, once each', () => {
  const ids = conformanceTests.map(({ id }) => id);
  const kit = ids.filter((id) => id.startsWith('DP_'));
  assert.equal(kit.length, 28);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^(DP|X)_/.test(id)));
});

test('tests have the tags of the public kit', () => {
  function count(tag: string): number {
    return conformanceTests.filter(({ tags }) => tags.includes(tag)).length;
  }
  assert.deepEqual(
    {
      base: count('base-compliance'),
      http: count('http-profile'),
      async: count('async'),
      sync: count('sync'),
    },
    { base: 23, http: 5, async: 4, sync: 24 },
  );
});

test('only the named tests run, in the order of the list, each with a transfer of its own', async () => {
  const seen: string[] = [];
  const tests = ['X_UNKNOWN:STATUS', 'DP_P_PULL:01-01'];
  const { results, passed } = await runAgainst(correct(), {
    tests,
    concurrency: 1,
    onResult: ({ id }) => seen.push(id),
  });
  assert.equal(passed, 2);
  assert.deepEqual(seen, tests.toReversed());
  assert.equal(new Set(results.map(({ processId }) => processId)).size, 2);
});

test('a test whose setting is missing is skipped and says which', async () => {
  const rules = correct();
  const { results, skipped } = await runAgainst(rules, {
    tests: ['X_AUTH:EXPIRED', 'X_AUTH:NO-HEADER'],
    authorization: undefined,
    settings: {},
  });
  assert.equal(skipped, 2);
  assert.deepEqual(
    results.map((result) => (result.outcome === 'skipped' ? result.reason : '')),
    ['no Authorization header is configured', 'X_AUTHORIZATION_EXPIRED is not set'],
  );
});

const reasons = [
  {
    name: 'another state',
    change: (rules: ReturnType<typeof correct>) => (rules.created['provider-pull'].sync = 'STARTING'),
    reason: 'start: expected state STARTED, received STARTING',
  },
  {
    name: 'no address',
    change: (rules: ReturnType<typeof correct>) => (rules.addresses['provider-pull'] = []),
    reason: 'start: expected a dataAddress, received none',
  },
  {
    name: 'a refusal',
    change: (rules: ReturnType<typeof correct>) => rules.required.start.push('claims'),
    reason: 'start: expected 2xx, received 400 {"title":"claims: expected a string"}',
  },
  {
    name: 'a state that does not come',
    change: (rules: ReturnType<typeof correct>) =>
      (rules.moves['provider-pull'].STARTED = { completed: 'STARTED' }),
    reason: 'status: expected COMPLETED, received STARTED after 15 s',
  },
];

for (const { name, change, reason } of reasons) {
  test(`the reason of a failure says what was expected and received: ${name}`, async () => {
    const rules = correct();
    change(rules);
    const { results } = await runAgainst(rules, { tests: ['DP_P_PULL:01-01'] });
    assert.deepEqual(
      results.map((result) => (result.outcome === 'failed' ? result.reason : result.outcome)),
      [reason],
    );
  });
}

test('a data plane that is not there fails every test with the reason', async () => {
  const closed = await ControlPlane.start(0, '127.0.0.1');
  const target = `http://127.0.0.1:${closed.port}`;
  await closed.close();
  const { results } = await runConformance({ target, callbackPort: 0, tests: ['DP_P_PULL:01-01'] });
  assert.match(JSON.stringify(results), /POST http:.*\/dataflows\/start: connect ECONNREFUSED/);
});

test('a fixture, and then a single test, choose what the messages carry', async () => {
  const tests = ['DP_P_PULL:04-01', 'DP_C_PULL:04-01'];
  const asFixture = await runAgainst(correct(), { tests, settings: { ASYNC_AGREEMENTID: 'other' } });
  assert.deepEqual(failedIds(asFixture), tests.toReversed());
  const asTest = await runAgainst(correct(), {
    tests,
    settings: { ASYNC_AGREEMENTID: 'other', DP_P_PULL_04_01_AGREEMENTID: 'async' },
  });
  assert.deepEqual(failedIds(asTest), ['DP_C_PULL:04-01']);
});

const refused = [
  { name: 'an unknown test', options: { tests: ['DP_P_PULL:99-01'] }, error: /DP_P_PULL:99-01/ },
  {
    name: 'an unknown setting',
    options: { settings: { DP_P_PULL_99_01_PROFILE: 'x' } },
    error: /99_01_PROFILE/,
  },
  {
    name: 'a callback address with a path',
    options: { settings: { 'dataspacetck.callback.address': 'http://localhost:1/x' } },
    error: /dataspacetck\.callback\.address/,
  },
  {
    name: 'a wait that is no number',
    options: { settings: { 'dataspacetck.dps.default.wait': 'long' } },
    error: /dataspacetck\.dps\.default\.wait/,
  },
];

for (const { name, options, error } of refused) {
  test(`${name} is refused by name before any test runs`, async () => {
    await assert.rejects(
      runConformance({ target: 'http://127.0.0.1:1', callbackPort: 0, ...options }),
      error,
    );
  });
}

test('an abort ends the run, and frees the port', async () => {
  const stop = new AbortController();
  const run = runAgainst(correct(), {
    signal: stop.signal,
    onResult: () => {
      stop.abort(new Error('enough'));
    },
  });
  await assert.rejects(run, /enough/);
});

test('each setting that is listed has a description', () => {
  for (const [name, text] of Object.entries(settingNames)) assert.notEqual(text, '', name);
});
