import { isDeepStrictEqual } from 'node:util';
import { isServiceError, messageOf } from '../../errors.ts';
import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { endAttempt, type DeliveryEnd } from '../../flow/delivery.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { flowLogger } from '../../log.ts';
import { countDelivery } from '../count-steps.ts';
import { patchFlow } from '../patch-flow.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';
import type { DeliveryAnswer, Message } from '../types.ts';

/** How an attempt ended; its time is put in when it is saved. */
export type AttemptResult = Omit<DeliveryEnd, 'endedAt'>;

/** A second one does no harm, whatever the dialect says of an outcome. */
const repeatable: readonly Message['kind'][] = ['deprovisioned', 'prepared', 'transferred'];

/** One call, and what its answer means for the attempt. */
export async function callConnector(
  deps: Reconciler,
  { flow, message }: { flow: Flow; message: Message },
  signal: AbortSignal,
): Promise<{ answer: DeliveryAnswer; end: AttemptResult }> {
  const answer = await call(deps, { flow, message }, signal);
  const { lostAttempt = 'repeat' } = deps.connectors.rulesOf(flow.request) ?? {};
  const isRepeated = lostAttempt === 'repeat' || repeatable.includes(message.kind);
  const end = endOf(answer);
  if (end.result !== 'unknown' || !isRepeated) return { answer, end };
  return { answer, end: { ...end, result: 'failed', unanswered: true } };
}

async function call(
  deps: Reconciler,
  { flow: { name: flow, request, protocol, delivery }, message }: { flow: Flow; message: Message },
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  try {
    const mayBeTaken = message.kind === 'results' && delivery?.unanswered === true;
    return await deps.connectors.deliver({ flow, request, message, protocol, mayBeTaken }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { result: 'failed', problem: messageOf(error), slowly: false };
  }
}

function endOf(answer: DeliveryAnswer): AttemptResult {
  switch (answer.result) {
    case 'delivered':
      return { result: 'delivered' };
    case 'obsolete':
      return { result: 'obsolete', detail: answer.state, ended: answer.ended };
    case 'rejected':
    case 'unknown':
      return { result: answer.result, detail: answer.problem };
    case 'failed':
      return { result: 'failed', detail: answer.problem, slowly: answer.slowly };
    default:
      return answer satisfies never;
  }
}

/** A failed attempt is a warning: an operator may have to correct a key or an address. */
export function logAnswer(
  { log }: Reconciler,
  { name }: Flow,
  { answer: delivery, what }: { answer: DeliveryAnswer; what: 'outcome' | LaterMember },
): void {
  const taken = delivery.result === 'delivered' || delivery.result === 'obsolete';
  if (taken) flowLogger(log, name).info({ delivery }, `${what} delivered`);
  else flowLogger(log, name).warn({ delivery }, `${what} not delivered`);
}

/** Where the attempts at a message beside the outcome are kept. */
export type LaterMember = 'confirmation' | 'completion' | 'readiness';

type Member = 'delivery' | LaterMember;

export async function saveAttempt(
  deps: Reconciler,
  { flow, of, end }: { flow: Flow; of: Member; end: AttemptResult },
  signal: AbortSignal,
): Promise<StepResult> {
  const ended = endAttempt(flow[of], { ...end, endedAt: deps.now().toISOString() });
  const annotations = writeAnnotation(annotation[of], ended);
  const written = await patchAttempted(deps, { flow, of, annotations }, signal);
  if (of === 'delivery') countDelivery(deps.metrics, flow, ended);
  return written;
}

/**
 * Saves the result of an attempt even if another writer came first, since no other step saves it. If another replica has started an attempt
 * since, that attempt's result counts.
 */
export async function patchAttempted(
  deps: Reconciler,
  { flow, of, annotations }: { flow: Flow; of: Member; annotations: Record<string, string> },
  signal: AbortSignal,
): Promise<StepResult> {
  try {
    return await patchFlow(deps, { flow, annotations }, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-conflict')) throw error;
    const job = await deps.cluster.jobs.get(flow.name, signal);
    if (job === undefined) throw error;
    deps.cache.updateJob(job);
    // Still the same attempt.
    if (isDeepStrictEqual(readFlow(job)?.[of], flow[of]))
      deps.cache.updateJob(await deps.cluster.jobs.patch(flow.name, { metadata: { annotations } }, signal));
    return continueNow;
  }
}
