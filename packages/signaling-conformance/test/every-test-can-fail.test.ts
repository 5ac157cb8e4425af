import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformanceTests } from '../src/conformance-tests.ts';
import { ofFaults } from './mutations/faults.ts';
import { ofKinds } from './mutations/flow-kinds.ts';
import { ofMessages } from './mutations/messages.ts';
import { correct } from './rules.ts';
import { failedIds, runAgainst } from './run-against.ts';

const families = [...ofKinds, ...ofMessages, ...ofFaults];
const all = conformanceTests.map(({ id }) => id);

test('a correct data plane passes every test', async () => {
  const { results, passed, failed, skipped } = await runAgainst(correct());
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'passed'),
    [],
  );
  assert.deepEqual({ passed, failed, skipped }, { passed: all.length, failed: 0, skipped: 0 });
});

for (const { name, among, mutations } of families) {
  for (const mutation of mutations)
    test(`exactly the tests that it concerns fail when a data plane is wrong in this: ${mutation.name}`, async () => {
      const rules = correct();
      mutation.change(rules);
      assert.deepEqual(failedIds(await runAgainst(rules, { tests: among })), mutation.fails);
    });

  test(`what is wrong in ${name} fails no other test`, async () => {
    const rules = correct();
    for (const { change } of mutations) change(rules);
    const others = all.filter((id) => !among.includes(id));
    assert.deepEqual(failedIds(await runAgainst(rules, { tests: others })), []);
  });
}

test('each test fails by at least one mutation', () => {
  const failing = new Set(families.flatMap(({ mutations }) => mutations.flatMap(({ fails }) => fails)));
  assert.deepEqual(
    all.filter((id) => !failing.has(id)),
    [],
  );
});
