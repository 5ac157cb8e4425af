import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { decideStep } from '../../flow/decide-step.ts';
import type { Flow } from '../../flow/flow.ts';
import { messageLimit, type Outcome } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import type { Manifest } from '../../result/manifest.ts';
import { planDelivery, type DeliveryPlan, type FlowToDeliver } from './plan-delivery.ts';
import { continueNow, observeFlow, type Reconciler, type StepResult } from '../reconciler.ts';
import { readWorkerWords } from './read-worker-log.ts';
import { makeAttempt } from './deliver-outcome.ts';
import { patchFlow } from '../patch-flow.ts';

type FailedOutcome = Extract<Outcome, { phase: 'failed' }>;

export interface OutcomeToSet {
  flow: Flow;
  outcome: Outcome;
  /** Of a success, as it was verified just now. */
  manifest?: Manifest;
}

/**
 * Writes the outcome: from here on nothing that the cluster does can change it. If it can be delivered at once, the same write holds the
 * delivery attempt, which follows.
 */
export async function setOutcome(
  deps: Reconciler,
  { flow, outcome, manifest }: OutcomeToSet,
  signal: AbortSignal,
): Promise<StepResult> {
  const bounded =
    'message' in outcome ? { ...outcome, message: outcome.message.slice(0, messageLimit) } : outcome;
  const detail = outcome.phase === 'failed' ? await explain(deps, { flow, outcome }, signal) : undefined;
  const explained = detail === undefined ? bounded : { ...bounded, detail };
  const plan = await planAtOnce(deps, { flow, outcome: explained, manifest }, signal);
  const annotations = {
    ...writeAnnotation(annotation.outcome, explained),
    ...(plan === undefined ? {} : writeAnnotation(annotation.delivery, plan.delivery)),
  };
  await patchFlow(deps, { flow, annotations }, signal);
  const reason = 'reason' in outcome ? outcome.reason : '';
  deps.metrics.outcomes.inc({ template: flow.request.template, phase: outcome.phase, reason });
  flowLogger(deps.log, flow.name).info({ outcome: bounded }, 'The flow has its outcome.');
  if (plan?.kind !== 'attempt') return continueNow;
  return await makeAttempt(deps, { name: flow.name, message: plan.message }, signal);
}

type PlanToWrite = Extract<DeliveryPlan, { delivery: unknown }>;

/** If pods need not be stopped first. What fails here fails again in a step of its own: the outcome does not wait for it. */
async function planAtOnce(
  deps: Reconciler,
  { flow, outcome, manifest }: FlowToDeliver,
  signal: AbortSignal,
): Promise<PlanToWrite | undefined> {
  const next = decideStep(observeFlow(deps, { ...flow, outcome }));
  if (next.kind !== 'deliver') return undefined;
  try {
    const plan = await planDelivery(deps, { flow, outcome, manifest }, signal);
    return 'delivery' in plan ? plan : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What the worker said last: noted with its end, or read now of one that is about to be stopped. */
async function explain(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: FailedOutcome },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (outcome.reason !== 'run-deadline-exceeded') return flow.attempt?.log;
  const running = deps.cache.attempts(flow.name).findLast(({ worker }) => worker.state === 'running');
  if (running === undefined) return undefined;
  const { log } = await readWorkerWords(deps, { flow: flow.name, pod: running.pod }, signal);
  return log;
}
