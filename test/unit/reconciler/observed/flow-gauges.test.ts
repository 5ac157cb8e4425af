import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../../../src/flow/attempt.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { createMetrics } from '../../../../src/metrics.ts';
import { setFlowGauges } from '../../../../src/reconciler/observed/flow-gauges.ts';
import { aFlow, anAttempt, at, epoch, pendingLimits } from '../../../support/flow-values.ts';

const failed = { phase: 'failed', reason: 'worker-failed', message: 'm' } as const;

function createGauges() {
  const configured = { templates: [{ name: 'echo' }], connectors: [{ name: 'provider' }, { name: 'quiet' }] };
  const metrics = createMetrics({ processMetrics: false, ...configured });
  async function scrape(flows: Flow[], second: number, attempts: Attempt[] = []): Promise<string[]> {
    const cache = {
      flows: () => flows,
      attempts: (name: string) => attempts.filter((one) => one.flow === name),
    };
    setFlowGauges(metrics, { cache, pendingLimits, now: epoch + second * 1000 });
    const lines = (await metrics.scrape()).split('\n');
    return lines.filter((line) => /^edc_jp_(flows|queue|flow_overdue|undelivered)/.test(line));
  }
  return { scrape };
}

test('flows are counted by state, template and what they wait for', async () => {
  const { scrape } = createGauges();
  const running = aFlow({ name: 'flow-b', startedAt: at(10), suspended: false });
  const removed = aFlow({ name: 'flow-c', request: { ...aFlow().request, template: 'removed' } });
  const lines = await scrape([aFlow(), running, removed], 30, [anAttempt({ flow: 'flow-b' })]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('edc_jp_flows')),
    [
      'edc_jp_flows{state="accepted",template="echo",reason="preparation"} 1',
      'edc_jp_flows{state="running",template="echo",reason=""} 1',
      'edc_jp_flows{state="accepted",template="other",reason="preparation"} 1',
    ],
  );
});

test('the queue has the flows that were not started, and the age of the oldest', async () => {
  const { scrape } = createGauges();
  const younger = aFlow({ name: 'flow-b', request: { ...aFlow().request, acceptedAt: at(20) } });
  const lines = await scrape([younger, aFlow()], 30);
  assert.ok(lines.includes('edc_jp_queue_flows 2'));
  assert.ok(lines.includes('edc_jp_queue_oldest_seconds 30'));
});

test('an outcome is undelivered until its delivery is final, on the series of its connector', async () => {
  const { scrape } = createGauges();
  const waits = aFlow({ outcome: { ...failed, at: at(100) }, delivery: { attempts: 3, result: 'failed' } });
  const taken = aFlow({
    name: 'flow-b',
    outcome: { ...failed, at: at(1) },
    delivery: { attempts: 1, result: 'delivered' },
  });
  const former = { ...waits, name: 'flow-c', request: { ...waits.request, connector: 'former' } };
  const lines = await scrape([waits, taken, former], 160);
  for (const line of [
    'edc_jp_undelivered_flows{connector="provider"} 1',
    'edc_jp_undelivered_oldest_seconds{connector="provider"} 60',
    'edc_jp_undelivered_flows{connector="quiet"} 0',
    'edc_jp_undelivered_oldest_seconds{connector="quiet"} 0',
    'edc_jp_undelivered_flows{connector="other"} 1',
  ])
    assert.ok(lines.includes(line), `${line} in ${lines.join('\n')}`);
});

test('a flow is overdue once the deadline of its step has passed, and no longer when it has its outcome', async () => {
  const { scrape } = createGauges();
  const running = aFlow({ startedAt: at(10), suspended: false });
  const attempts = [anAttempt()];
  assert.ok((await scrape([running], 1019, attempts)).includes('edc_jp_flow_overdue_seconds 0'));
  assert.ok((await scrape([running], 1050, attempts)).includes('edc_jp_flow_overdue_seconds 30'));
  const ended = { ...running, outcome: { ...failed, at: at(1051) } };
  assert.ok((await scrape([ended], 1060, attempts)).includes('edc_jp_flow_overdue_seconds 0'));
});

test('what a scrape has shown is gone when its flow is gone', async () => {
  const { scrape } = createGauges();
  await scrape([aFlow({ outcome: { ...failed, at: at(1) } })], 30);
  const lines = await scrape([], 60);
  assert.deepEqual(
    lines.filter((line) => !/ 0$/.test(line)),
    [],
  );
  assert.equal(lines.filter((line) => line.startsWith('edc_jp_flows')).length, 0);
});

test('the number of series follows the configuration, however many names flows have', async () => {
  const { scrape } = createGauges();
  const { request } = aFlow();
  const flows = Array.from({ length: 1000 }, (_, index) =>
    aFlow({
      name: `flow-${index}`,
      request: { ...request, template: `template-${index}`, connector: `connector-${index}` },
      outcome: { ...failed, at: at(index) },
    }),
  );
  const lines = await scrape(flows, 2000);
  assert.ok(lines.length < 15, `${lines.length} series`);
});
