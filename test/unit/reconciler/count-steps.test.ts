import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../src/flow/flow.ts';
import type { Outcome } from '../../../src/flow/outcome.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { countDelivery, countOutcome } from '../../../src/reconciler/count-steps.ts';
import { aFlow, at } from '../../support/flow-values.ts';

const results = { attempt: 'u', files: 1, bytes: 7, manifestSha256: 's', manifestEtag: 'e' };
const succeeded: Outcome = { phase: 'succeeded', at: at(160), results };
const worked = aFlow({
  startedAt: at(10),
  attempt: {
    attempt: 'u',
    pod: 'p',
    worker: { exitCode: 0, reason: 'Completed', startedAt: at(30), finishedAt: at(130) },
    at: at(150),
  },
});

function createCounters() {
  return createMetrics({ processMetrics: false, templates: [{ name: 'echo' }] });
}

async function stepsOf(metrics: ReturnType<typeof createCounters>): Promise<Record<string, number>> {
  const lines = (await metrics.scrape()).matchAll(
    /^edc_jp_flow_step_seconds_sum\{step="(\w+)",template="echo"\} (.+)$/gm,
  );
  return Object.fromEntries([...lines].map(([, step = '', seconds]) => [step, Number(seconds)]));
}

const rows: { name: string; flow: Flow; outcome: Outcome; steps: Record<string, number> }[] = [
  {
    name: 'a success has all of them',
    flow: worked,
    outcome: succeeded,
    steps: { waiting: 10, starting: 20, running: 100, uploading: 20, verifying: 10 },
  },
  {
    name: 'a flow that never started has none',
    flow: aFlow(),
    outcome: { phase: 'cancelled', at: at(9), reason: 'cancelled-by-user', message: 'm' },
    steps: {},
  },
  {
    name: 'a flow without a pod has waited alone',
    flow: aFlow({ startedAt: at(10) }),
    outcome: { phase: 'failed', at: at(90), reason: 'unschedulable', message: 'm' },
    steps: { waiting: 10 },
  },
  {
    name: 'a flow that receives has a step of its own',
    flow: aFlow({ plan: { ...aFlow().plan, receives: true } }),
    outcome: succeeded,
    steps: { receiving: 160 },
  },
  {
    name: 'a clock that is behind makes no negative time',
    flow: aFlow({ startedAt: at(-1) }),
    outcome: { phase: 'failed', at: at(90), reason: 'unschedulable', message: 'm' },
    steps: { waiting: 0 },
  },
];

for (const { name, flow, outcome, steps } of rows) {
  test(`an outcome counts the steps before it: ${name}`, async () => {
    const metrics = createCounters();
    countOutcome(metrics, flow, outcome);
    assert.deepEqual(await stepsOf(metrics), steps);
  });
}

test('an outcome is counted by template, phase and reason, a success with its bytes', async () => {
  const metrics = createCounters();
  countOutcome(metrics, worked, succeeded);
  const request = { ...worked.request, template: 'from the request' };
  countOutcome(
    metrics,
    { ...worked, request },
    { phase: 'failed', at: at(1), reason: 'request-refused', message: 'm' },
  );
  const scraped = await metrics.scrape();
  assert.match(scraped, /^edc_jp_outcomes_total\{template="echo",phase="succeeded",reason=""\} 1$/m);
  assert.match(
    scraped,
    /^edc_jp_outcomes_total\{template="other",phase="failed",reason="request-refused"\} 1$/m,
  );
  assert.match(scraped, /^edc_jp_result_bytes_total\{template="echo"\} 7$/m);
});

test('a delivery is timed from the outcome to its final result, unless nothing was sent', async () => {
  const metrics = createCounters();
  const flow = { ...worked, outcome: succeeded };
  const sent = { attempts: 2, startedAt: at(165), endedAt: at(170) };
  countDelivery(metrics, flow, { ...sent, result: 'failed' });
  countDelivery(metrics, flow, { attempts: 0, result: 'skipped', endedAt: at(161) });
  assert.deepEqual(await stepsOf(metrics), {});
  countDelivery(metrics, flow, { ...sent, result: 'delivered' });
  assert.deepEqual(await stepsOf(metrics), { delivering: 10 });
});
