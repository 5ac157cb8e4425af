import { ServiceError } from '../errors.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { flowName } from '../flow/names.ts';
import { problemOf } from '../http/problem.ts';
import { flowLogger, type Logger } from '../log.ts';
import type { Acceptance, FoundFlow } from '../requests/flow-service.ts';
import { acceptOrFind } from './accept-or-find.ts';
import { checkCallbackAddress } from './callback-address.ts';
import type { CalledBack, ProvisionMessage, RouteDeps } from './dialect.ts';
import { awaitAttempt } from './await-attempt.ts';
import { nameIn, renderOrRefuse, type Rendered } from './render-request.ts';
import { decideAnswer, type Decision, type KnownDecision } from './decide-answer.ts';

type Deps = Pick<RouteDeps<CalledBack>, 'templates' | 'envFiles' | 'flows' | 'busyHoldMillis' | 'now'>;

export interface ReceivedRequest {
  connector: CalledBack;
  message: ProvisionMessage;
  /** Named in the path. */
  template: string | undefined;
  /** See `ProvisionRequests`. */
  deliversRefusals?: boolean | undefined;
  log: Logger;
}

type Identified = ReceivedRequest & { id: string };

/** For people; connectors read the status only. */
export interface ProvisionAnswer {
  id: string;
  answer: Answer;
}

type Answer = 'accepted' | 'repeated' | 'deprovisioned';

/** Throws a 4xx for a permanent problem, which is final for the connector, and a 503 for one that may pass. */
export async function answerRequest(
  deps: Deps,
  received: ReceivedRequest,
  signal: AbortSignal,
): Promise<ProvisionAnswer & { decision: Decision }> {
  const { connector, message } = received;
  const id = flowName({ dialect: connector.dialect, connector: connector.name, ids: message.ids });
  try {
    return { id, ...(await answerFor(deps, { ...received, id }, signal)) };
  } catch (error) {
    const { status } = problemOf(error);
    if (status >= 500 && message.type !== 'deprovision') recordLateRepeat(deps, { ...received, id });
    throw error;
  }
}

const lateRepeatMillis = 10_000;

/**
 * The connector repeats an unanswered request within seconds, and a callback in between would overtake that answer. If this write fails as
 * well, no callback can be sent either.
 */
function recordLateRepeat({ flows }: Deps, { id, log }: Identified): void {
  flows.recordRepeat(id, AbortSignal.timeout(lateRepeatMillis)).catch((error: unknown) => {
    flowLogger(log, id).warn({ err: error }, 'unanswered request not recorded');
  });
}

async function answerFor(
  deps: Deps,
  received: Identified,
  signal: AbortSignal,
): Promise<{ answer: Answer; decision: Decision }> {
  const { id, message } = received;
  const { type } = message;
  // An unknown flow gets the same answer: there is nothing to delete.
  if (type === 'deprovision') {
    const answer = await act.deprovision(deps, { id, message }, signal);
    return { answer, decision: 'deprovision' };
  }
  // It may be a deprovision of a flow whose Job is gone: accepting it would create a new Job.
  const known = type === undefined ? await deps.flows.find(id, signal) : undefined;
  const found =
    known ?? (await acceptOrFind(deps, { id, accept: () => accept(deps, received, signal) }, signal));
  if (found === 'created') return { answer: 'accepted', decision: 'accept' };
  // It is a repeat or a deprovision: that depends on the result of the attempt under way.
  const isAmbiguous = type === undefined && found.delivering && !found.deprovisioned;
  const flow = isAmbiguous ? await awaitAttempt(deps, { id, found }, signal) : found;
  const decision = decideAnswer(type, { ...flow, sameContent: isSameContent(flow, received) });
  return { answer: await act[decision](deps, { id, message, found: flow }, signal), decision };
}

/** Parameters are not content: a repeat may bring other metadata, and the flow keeps its first parameters. */
function isSameContent({ request }: FoundFlow, { message, template }: ReceivedRequest): boolean {
  return request.assetId === message.assetId && (nameIn(template) ?? request.template) === request.template;
}

async function accept(deps: Deps, received: Identified, signal: AbortSignal): Promise<FoundFlow | 'created'> {
  checkCallbackAddress(received.message.callbackAddress, received.connector);
  const rendered = await renderOrRefuse(deps, received, signal);
  const acceptance = await create(deps, { received, rendered }, signal);
  if (acceptance.created) return 'created';
  return acceptance.found ?? conflict(received.message, 'those of a Job that is not a flow of this service');
}

async function create(
  deps: Deps,
  { received, rendered }: { received: Identified; rendered: Rendered },
  signal: AbortSignal,
): Promise<Acceptance> {
  if (!('refused' in rendered))
    return await deps.flows.accept(
      { request: buildRequest(deps, received, rendered.template.name), rendered },
      signal,
    );
  const { code, field, message } = rendered.refused;
  flowLogger(received.log, received.id).warn(
    { code, field, detail: message },
    'request accepted to deliver its refusal',
  );
  const request = buildRequest(deps, received, nameIn(received.template) ?? '');
  return await deps.flows.refuse(request, message, signal);
}

interface KnownRequest {
  id: string;
  message: ProvisionMessage;
  found?: FoundFlow;
}

type Act = (deps: Deps, known: KnownRequest, signal: AbortSignal) => Promise<Answer>;

const act: Record<KnownDecision, Act> = {
  async 'record-repeat'({ flows }, { id, found }, signal) {
    await flows.recordRepeat(id, signal, found);
    return 'repeated';
  },
  repeat: () => Promise.resolve('repeated'),
  async deprovision({ flows }, { id }, signal) {
    await flows.end(id, 'deprovisioned', signal);
    return 'deprovisioned';
  },
  conflict: (_deps, { message }) => conflict(message, 'those of a request for another asset or template'),
  ended: (_deps, { message }) => conflict(message, 'those of a transfer that has ended here'),
};

function buildRequest({ now }: Deps, { connector, message }: ReceivedRequest, template: string): FlowRequest {
  const { ids, assetId, callbackAddress, consumer, policyDigest } = message;
  return {
    dialect: connector.dialect,
    connector: connector.name,
    ids,
    assetId,
    template,
    callbackAddress,
    ...(consumer === undefined ? {} : { consumer }),
    ...(policyDigest === undefined ? {} : { policyDigest }),
    acceptedAt: now().toISOString(),
  };
}

function conflict({ ids }: ProvisionMessage, received: string): never {
  const names = Object.keys(ids);
  throw new ServiceError('conflict', `${names.join(' and ')}: expected new ones, received ${received}`, {
    field: names[0],
  });
}
