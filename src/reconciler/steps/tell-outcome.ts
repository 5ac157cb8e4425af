import { isServiceError, ServiceError } from '../../errors.ts';
import { annotation, writeAnnotation, type Told } from '../../flow/annotations.ts';
import type { DataAddress } from '../../flow/data-address.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Outcome } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import { addressResults } from '../address-results.ts';
import { attemptsSoFar, pauseBeforeAttempt } from '../delivery-pace.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { concludeFlow } from './conclude-flow.ts';
import { patchFlow } from './patch-flow.ts';

/** A Job deleted by hand is held for its last words this long, then let go. */
const deletedJobSeconds = 300;

/**
 * One attempt at telling the connector. At least once: an intent is written first, so that a process that dies before it can
 * write down the answer is followed by one that asks again, and a 409 then means that it was told.
 */
export async function tellOutcome(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { outcome } = flow;
  if (outcome === undefined) return goOn;
  if (!somebodyWaits(flow, outcome))
    return await noteTold(deps, { flow, told: withoutDelivery(flow) }, signal);
  if (isOverdue(deps, flow, outcome))
    return await noteTold(deps, { flow, told: { result: 'gave-up' } }, signal);
  const tried = { intent: flow.intent, outcome };
  const paced = { backoff: deps.config.reconciler.backoff, now: deps.now().getTime() };
  const millis = Math.max(deps.settle.remaining(flow), pauseBeforeAttempt(tried, paced));
  if (millis > 0) return { then: 'wait', millis };

  const address = await addressOrFailure(deps, { flow, outcome }, signal);
  if ('failure' in address) return await concludeFlow(deps, { flow, outcome: address.failure }, signal);
  const attempts = attemptsSoFar(tried) + 1;
  const intent = writeAnnotation(annotation.intent, { at: deps.now().toISOString(), attempts });
  await patchFlow(deps, { flow, annotations: intent }, signal);
  const current = deps.world.flow(flow.name);
  // A repeat that came between the two reads goes first; its mark starts the clock anew. A deprovision leaves nothing to deliver.
  if (current === undefined || isDeprovisioned(current) || deps.settle.remaining(current) > 0) return goOn;
  return await deliver(deps, { flow: current, address: address.address }, signal);
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

function isOverdue({ config, now }: Reconciler, { deletedAt }: Flow, outcome: Outcome): boolean {
  const seconds = deletedAt === undefined ? config.reconciler.deliverySeconds : deletedJobSeconds;
  return now().getTime() > Date.parse(outcome.at) + seconds * 1000;
}

type AddressOrFailure = { address: DataAddress | undefined } | { failure: Outcome };

async function addressOrFailure(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<AddressOrFailure> {
  if (outcome.phase !== 'succeeded') return { address: undefined };
  const addressed = await addressResults(deps, { flow, outcome }, signal);
  if ('address' in addressed) return addressed;
  return { failure: { phase: 'failed', at: deps.now().toISOString(), ...addressed } };
}

async function deliver(
  deps: Reconciler,
  { flow, address }: { flow: Flow; address: DataAddress | undefined },
  signal: AbortSignal,
): Promise<StepResult> {
  const delivery = await deps.announce(flow, address, signal);
  flowLogger(deps.log, flow.name).info({ delivery }, 'The connector was called.');
  switch (delivery.result) {
    case 'told':
      return await noteTold(deps, { flow, told: { result: 'told', intent: flow.intent?.at } }, signal);
    case 'ended':
      return await noteTold(deps, { flow, told: { result: 'ended', detail: delivery.state } }, signal);
    case 'refused':
      return await giveAnotherWord(deps, { flow, problem: delivery.problem }, signal);
    case 'retry':
      if (delivery.slowly) return { then: 'wait', millis: deps.config.reconciler.backoff.maxMillis };
      throw new ServiceError('unavailable', delivery.problem);
    default:
      return delivery satisfies never;
  }
}

/** Results that the connector will never take still leave a consumer waiting: its transfer is terminated instead. */
async function giveAnotherWord(
  deps: Reconciler,
  { flow, problem }: { flow: Flow; problem: string },
  signal: AbortSignal,
): Promise<StepResult> {
  if (flow.outcome?.phase !== 'succeeded')
    return await noteTold(deps, { flow, told: { result: 'refused', detail: problem } }, signal);
  const outcome = {
    phase: 'failed',
    at: deps.now().toISOString(),
    reason: 'delivery-refused',
    message: problem,
  } as const;
  return await concludeFlow(deps, { flow, outcome }, signal);
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
