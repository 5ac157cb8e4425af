import type { Delivery } from '../../connector/delivery.ts';
import { isServiceError, ServiceError } from '../../errors.ts';
import { annotation, writeAnnotation, type Told } from '../../flow/annotations.ts';
import type { DataAddress } from '../../flow/data-address.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Outcome } from '../../flow/outcome.ts';
import type { FailureReason } from '../../flow/reasons.ts';
import { flowLogger } from '../../log.ts';
import { addressResults } from '../address-results.ts';
import { attemptsSoFar, pauseBeforeAttempt } from '../delivery-pace.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { messageLimit } from './conclude-flow.ts';
import { patchFlow } from './patch-flow.ts';

/** How long a Job that was deleted by hand is held for its delivery, and a transfer is tried to be terminated at the very end. */
const lastWordSeconds = 300;

/**
 * One attempt at telling the connector. At least once: an intent is written first, so that a process that dies before it can
 * write down the answer is followed by one that asks again, and a 409 then means that it was told.
 */
export async function tellOutcome(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { outcome } = flow;
  if (outcome === undefined) return goOn;
  if (!somebodyWaits(flow, outcome))
    return await noteTold(deps, { flow, told: withoutDelivery(flow) }, signal);
  if (isOverdue(deps, flow, outcome)) return await giveUp(deps, { flow, outcome }, signal);
  // A termination instead of an address is a delivery of its own, with attempts of its own.
  const tried = { intent: flow.intent, outcome: flow.terminateInstead ?? outcome };
  const paced = { backoff: deps.config.reconciler.backoff, now: deps.now().getTime() };
  const millis = Math.max(deps.settle.remaining(flow), pauseBeforeAttempt(tried, paced));
  if (millis > 0) return { then: 'wait', millis };

  const addressed = await addressToDeliver(deps, { flow, outcome }, signal);
  if ('reason' in addressed) return await terminateInstead(deps, { flow, ...addressed }, signal);
  const attempts = attemptsSoFar(tried) + 1;
  const intent = writeAnnotation(annotation.intent, { at: deps.now().toISOString(), attempts });
  await patchFlow(deps, { flow, annotations: intent }, signal);
  const current = deps.world.flow(flow.name);
  // A repeat that came between the two reads goes first; its mark restarts the clock. A deprovision leaves nothing to deliver.
  if (current === undefined || isDeprovisioned(current) || deps.settle.remaining(current) > 0) return goOn;
  return await deliver(deps, { flow: current, address: addressed.address }, signal);
}

function somebodyWaits(flow: Flow, outcome: Outcome): boolean {
  if (flow.request.callbackAddress === undefined || isDeprovisioned(flow)) return false;
  return !(outcome.phase === 'cancelled' && outcome.reason === 'transfer-ended');
}

/**
 * A connector deprovisions only what it has taken and is done with: no address is sent any more, since its results are deleted next,
 * and no termination either, since the transfer is past it.
 */
function isDeprovisioned({ deprovisionAskedAt }: Flow): boolean {
  return deprovisionAskedAt !== undefined;
}

/** A connector that deprovisions after it was called has taken that call, and its answer was lost. */
function withoutDelivery(flow: Flow): Omit<Told, 'at'> {
  if (!isDeprovisioned(flow) || flow.intent === undefined) return { result: 'not-needed' };
  return { result: 'ended', detail: 'DEPROVISIONING' };
}

/** After a day; what replaces an address that nobody took has some time of its own, be it as late as it may. */
function isOverdue({ config, now }: Reconciler, flow: Flow, outcome: Outcome): boolean {
  const at = now().getTime();
  if (flow.deletedAt !== undefined) return at > after(outcome.at, lastWordSeconds);
  const { terminateInstead: instead } = flow;
  const endOfInstead = instead === undefined ? 0 : after(instead.at, lastWordSeconds);
  return at > Math.max(after(outcome.at, config.reconciler.deliverySeconds), endOfInstead);
}

function after(time: string, seconds: number): number {
  return Date.parse(time) + seconds * 1000;
}

/** A consumer whose data nobody took would wait without end: its transfer is terminated, if its connector can be reached by then. */
async function giveUp(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<StepResult> {
  if (flow.deletedAt !== undefined || hasTerminated(flow, outcome))
    return await noteTold(deps, { flow, told: { result: 'gave-up' } }, signal);
  const message = 'the connector did not take the address of the results in time';
  return await terminateInstead(deps, { flow, reason: 'delivery-refused', message }, signal);
}

function hasTerminated({ terminateInstead: instead }: Flow, { phase }: Outcome): boolean {
  return phase !== 'succeeded' || instead !== undefined;
}

type AddressToDeliver = { address: DataAddress | undefined } | { reason: FailureReason; message: string };

async function addressToDeliver(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<AddressToDeliver> {
  if (outcome.phase !== 'succeeded' || flow.terminateInstead !== undefined) return { address: undefined };
  return await addressResults(deps, { flow, outcome }, signal);
}

async function deliver(
  deps: Reconciler,
  { flow, address }: { flow: Flow; address: DataAddress | undefined },
  signal: AbortSignal,
): Promise<StepResult> {
  const delivery = await deps.announce(flow, address, signal);
  logDelivery(deps, flow, delivery);
  switch (delivery.result) {
    case 'told':
      return await noteTold(deps, { flow, told: { result: 'told', intent: flow.intent?.at } }, signal);
    case 'ended':
      return await noteTold(deps, { flow, told: { result: 'ended', detail: delivery.state } }, signal);
    case 'refused':
      return await afterRefusal(deps, { flow, problem: delivery.problem }, signal);
    case 'retry':
      if (delivery.slowly) return { then: 'wait', millis: deps.config.reconciler.backoff.maxMillis };
      throw new ServiceError('unavailable', delivery.problem);
    default:
      return delivery satisfies never;
  }
}

/** What somebody may have to mend (a wrong key, a wrong address, a refusal) is a warning. */
function logDelivery({ log }: Reconciler, { name }: Flow, delivery: Delivery): void {
  const taken = delivery.result === 'told' || delivery.result === 'ended';
  if (taken) flowLogger(log, name).info({ delivery }, 'outcome delivered');
  else flowLogger(log, name).warn({ delivery }, 'outcome not delivered');
}

/** Results that the connector will never take still leave a consumer waiting: its transfer is terminated instead. */
async function afterRefusal(
  deps: Reconciler,
  { flow, problem }: { flow: Flow; problem: string },
  signal: AbortSignal,
): Promise<StepResult> {
  if (flow.outcome !== undefined && !hasTerminated(flow, flow.outcome))
    return await terminateInstead(deps, { flow, reason: 'delivery-refused', message: problem }, signal);
  return await noteTold(deps, { flow, told: { result: 'refused', detail: problem } }, signal);
}

/** Changes how the outcome is delivered, not the outcome: it is counted once, and its time to be delivered goes on. */
async function terminateInstead(
  deps: Reconciler,
  { flow, reason, message }: { flow: Flow; reason: FailureReason; message: string },
  signal: AbortSignal,
): Promise<StepResult> {
  const instead = { at: deps.now().toISOString(), reason, message: message.slice(0, messageLimit) };
  const annotations = writeAnnotation(annotation.terminateInstead, instead);
  const result = await patchFlow(deps, { flow, annotations }, signal);
  flowLogger(deps.log, flow.name).warn({ reason, message: instead.message }, 'results not deliverable');
  return result;
}

interface ToldPatch {
  flow: Flow;
  told: Omit<Told, 'at'>;
}

/**
 * The answer is kept even if somebody wrote meanwhile: it is the one fact that must not be lost, and no other step writes it.
 */
async function noteTold(
  deps: Reconciler,
  { flow, told }: ToldPatch,
  signal: AbortSignal,
): Promise<StepResult> {
  const annotations = writeAnnotation(annotation.told, { at: deps.now().toISOString(), ...told });
  try {
    return await patchFlow(deps, { flow, annotations }, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-conflict')) throw error;
    deps.world.learnJob(await deps.cluster.jobs.patch(flow.name, { metadata: { annotations } }, signal));
    return goOn;
  }
}
