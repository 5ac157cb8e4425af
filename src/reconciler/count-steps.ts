import { isFinal, wasTried, type Delivery } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { Metrics } from '../metrics.ts';

type FlowCounters = Pick<Metrics, 'outcomes' | 'stepSeconds' | 'resultBytes' | 'labelOf'>;

/** A step of a flow whose time is measured. */
type TimedStep = 'waiting' | 'starting' | 'running' | 'uploading' | 'verifying' | 'receiving' | 'delivering';

/** Counts the end of a flow, and the steps that led to it. Times are those that the Job keeps, so that a restart loses none. */
export function countOutcome(metrics: FlowCounters, flow: Flow, outcome: Outcome): void {
  const template = metrics.labelOf.template(flow.request.template);
  const reason = 'reason' in outcome ? outcome.reason : '';
  metrics.outcomes.inc({ template, phase: outcome.phase, reason });
  if (outcome.phase === 'succeeded') metrics.resultBytes.inc({ template }, outcome.results.bytes);
  for (const [step, from, to] of stepsBefore(flow, outcome)) observe(metrics, { step, template }, [from, to]);
}

/** Counts the time of a delivery that has ended, if anything was sent. */
export function countDelivery(metrics: FlowCounters, flow: Flow, delivery: Delivery): void {
  if (!isFinal(delivery) || !wasTried(delivery)) return;
  const template = metrics.labelOf.template(flow.request.template);
  observe(metrics, { step: 'delivering', template }, [flow.outcome?.at, delivery.endedAt]);
}

type Times = [string | undefined, string | undefined];

function stepsBefore(flow: Flow, outcome: Outcome): [TimedStep, ...Times][] {
  const { startedAt, attempt, plan, request } = flow;
  if (plan.receives === true) return [['receiving', request.acceptedAt, outcome.at]];
  const worker = attempt?.worker;
  return [
    ['waiting', request.acceptedAt, startedAt],
    ['starting', startedAt, worker?.startedAt],
    ['running', worker?.startedAt, worker?.finishedAt],
    ['uploading', worker?.finishedAt, attempt?.at],
    ['verifying', attempt?.at, outcome.at],
  ];
}

/** Only steps that were reached. The clocks of the cluster and of this process may differ by some seconds. */
function observe(
  { stepSeconds }: FlowCounters,
  labels: { step: TimedStep; template: string },
  [from, to]: Times,
): void {
  if (from === undefined || to === undefined) return;
  const millis = Date.parse(to) - Date.parse(from);
  if (!Number.isNaN(millis)) stepSeconds.observe(labels, Math.max(0, millis) / 1000);
}
