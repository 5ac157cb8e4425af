import type { AttemptEnd } from './attempt.ts';
import type { Deletion } from './deletion.ts';
import { isFinal, type Delivery, type TerminateInstead } from './delivery.ts';
import type { Flow } from './flow.ts';
import type { FlowPlan } from './flow-plan.ts';
import type { FlowRequest } from './flow-request.ts';
import type { Outcome } from './outcome.ts';
import type { ProtocolState } from './protocol-state.ts';
import type { FlowPush } from './push.ts';

/** `flows/<flow>/record.json`: it answers history, repeats and audit when the Job is gone. */
export interface FlowRecord {
  version: 1;
  flow: string;
  request: FlowRequest;
  content: string;
  plan: FlowPlan;
  startedAt?: string;
  attempt?: AttemptEnd;
  outcome: Outcome;
  /** Why the connector's transfer was terminated although the results exist. */
  terminateInstead?: TerminateInstead;
  delivery: Delivery;
  deprovisionAskedAt?: string;
  deletion?: Deletion;
  resultsDeletedAt?: string;
  /** Delivery of the deprovision, to a connector that waits for it. */
  confirmation?: Delivery;
  /** Sending of the results to the connector's sink, and the delivery of its end. */
  push?: FlowPush;
  completion?: Delivery;
  /** Delivery of the message that the flow can receive. */
  readiness?: Delivery;
  /** When it was recorded; messages of the connector change only the Job. */
  protocol?: ProtocolState;
  recordedAt: string;
}

/** Undefined until the delivery has ended: before, nothing is final. */
export function buildRecord(flow: Flow, now: string): FlowRecord | undefined {
  const { name, request, content, plan, outcome, delivery } = flow;
  if (outcome === undefined || delivery === undefined || !isFinal(delivery)) return undefined;
  const optional = {
    startedAt: flow.startedAt,
    attempt: flow.attempt && withoutLog(flow.attempt, outcome),
    terminateInstead: flow.terminateInstead,
    deprovisionAskedAt: flow.deprovisionAskedAt,
    deletion: flow.deletion,
    resultsDeletedAt: flow.resultsDeletedAt,
    confirmation: flow.confirmation,
    push: flow.push,
    completion: flow.completion,
    readiness: flow.readiness,
    protocol: flow.protocol,
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { version: 1, flow: name, request, content, plan, outcome, delivery, ...given, recordedAt: now };
}

/** The log is kept once: the outcome of a failure has it as `detail`. */
function withoutLog({ log, ...end }: AttemptEnd, outcome: Outcome): AttemptEnd {
  const isKept = outcome.phase === 'failed' && outcome.detail === log;
  return log === undefined || isKept ? end : { ...end, log };
}

/** Until when results are kept if no deprovision deletes them earlier, in milliseconds since the epoch. */
export function retentionEnd({ outcome, plan }: Pick<Flow, 'outcome' | 'plan'>): number {
  return outcome === undefined ? Infinity : Date.parse(outcome.at) + plan.retention * 1000;
}
