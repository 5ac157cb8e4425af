import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../../../src/errors.ts';
import { startBatch } from '../../../../../../src/http/routes/api/batches/start-batch.ts';
import { planBatch } from '../../../../../../src/http/routes/api/batches/plan-batch.ts';
import type { Caller } from '../../../../../../src/http/access/caller.ts';
import { aTemplate } from '../../../../../support/template-values.ts';
import { memoryFlows, noInputs } from '../../../memory-flows.ts';

const { signal } = new AbortController();
const caller: Caller = { name: 'ann', scopes: ['run'], templates: ['*'], connectors: ['*'], admin: false };
const log = { warn: () => undefined };
const publicUrl = 'http://people.example';
const envFiles = { current: () => Promise.resolve([]) };
const planning = { templates: [aTemplate()], envFiles, inputs: noInputs, priorities: {} };
const deps = { ...planning, now: () => new Date(0), newId: () => 'x' };
const body = { jobs: ['a', 'b', 'c'].map((run) => ({ template: 'echo', labels: { run } })) };

async function plan(key: string, wanted: object = body) {
  return await planBatch(deps, { caller, body: wanted, key }, signal);
}

test('a job that cannot be created is the problem of its entry, and a repeat starts it alone', async () => {
  const memory = memoryFlows();
  let full = true;
  const flows = memoryFlows({
    accept(wanted, until) {
      if (full && wanted.request.labels?.['run'] === 'b')
        return Promise.reject(new ServiceError('cluster-over-quota', 'POST /jobs: 403 exceeded quota'));
      return memory.accept(wanted, until);
    },
  });
  const first = await startBatch({ flows, publicUrl, log }, await plan('once'), signal);
  assert.deepEqual(
    first.items.map(({ status }) => status),
    [202, 503, 202],
  );
  assert.equal(JSON.stringify(first).includes('exceeded'), false);
  full = false;
  const second = await startBatch({ flows, publicUrl, log }, await plan('once'), signal);
  assert.deepEqual(
    second.items.map(({ status }) => status),
    [202, 202, 202],
  );
  assert.deepEqual([second.items[0], second.items[2]], [first.items[0], first.items[2]]);
  assert.equal(memory.views.size, 3);
});

test('the key of another batch is refused before anything is started, in whatever way they differ', async () => {
  const flows = memoryFlows();
  await startBatch({ flows, publicUrl, log }, await plan('once'), signal);
  for (const jobs of [[...body.jobs, body.jobs[0]], body.jobs.slice(0, 1), body.jobs.toReversed()])
    await assert.rejects(startBatch({ flows, publicUrl, log }, await plan('once', { jobs }), signal), {
      code: 'key-reused',
    });
  assert.equal(flows.views.size, 3);
});

test('what is not started in time is a problem that says how to go on', async () => {
  const ending = new AbortController();
  const memory = memoryFlows();
  const flows = memoryFlows({
    accept(wanted, until) {
      if (wanted.request.labels?.['run'] === 'a') ending.abort(new Error('too late'));
      return memory.accept(wanted, until);
    },
  });
  const { items } = await startBatch({ flows, publicUrl, log }, await plan('once'), ending.signal);
  assert.deepEqual(
    items.map(({ status }) => status),
    [202, 503, 503],
  );
  assert.match(JSON.stringify(items[1]?.problem), /again with the same Idempotency-Key/);
});
