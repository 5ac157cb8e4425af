import { isServiceError, ServiceError } from '../errors.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import { flowName } from '../flow/names.ts';
import { problemOf } from '../http/problem.ts';
import { flowLogger, type Logger } from '../log.ts';
import type { FoundFlow } from '../requests/flow-service.ts';
import { chooseTemplate } from '../template/choose-template.ts';
import { renderTemplate } from '../template/render-template.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';
import { isBelowPrefix, showAddress } from './callback-address.ts';
import type { CalledBack, ProvisionMessage, RouteDeps } from './dialect.ts';
import { awaitAttempt } from './await-attempt.ts';
import { decideAnswer, type Decision, type KnownDecision } from './decide-answer.ts';

type Deps = Pick<RouteDeps<CalledBack>, 'templates' | 'flows' | 'busyHoldMillis' | 'now'>;

export interface ReceivedRequest {
  connector: CalledBack;
  message: ProvisionMessage;
  /** Named in the path. */
  template: string | undefined;
  log: Logger;
}

type Identified = ReceivedRequest & { id: string };

/** For people who read along; connectors look at the status alone. */
export interface ProvisionAnswer {
  id: string;
  answer: Answer;
}

type Answer = 'accepted' | 'repeated' | 'deprovisioned';

/** Whatever is wrong for good throws a 4xx, which the connector takes as final; what may work later throws a 503. */
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
 * A connector whose request found no answer sends it again within seconds: a callback in between would overtake that answer. What
 * kept the repeat from being recorded may be over by now; if it is not, no callback can leave either.
 */
function recordLateRepeat({ flows }: Deps, { id, log }: Identified): void {
  flows.recordRepeat(id, AbortSignal.timeout(lateRepeatMillis)).catch((error: unknown) => {
    flowLogger(log, id).warn({ err: error }, 'a request without an answer could not be recorded');
  });
}

async function answerFor(
  deps: Deps,
  received: Identified,
  signal: AbortSignal,
): Promise<{ answer: Answer; decision: Decision }> {
  const { id, message } = received;
  const { type } = message;
  // An unknown flow is answered alike: there is nothing to take away, and the connector wants to hear exactly that it is gone.
  if (type === 'deprovision') {
    const answer = await act.deprovision(deps, { id, message }, signal);
    return { answer, decision: 'deprovision' };
  }
  // A deprovision looks alike, and the Job of its flow may be gone: accepting would make a new one.
  const known = type === undefined ? await deps.flows.find(id, signal) : undefined;
  const found = known ?? (await acceptOrFind(deps, received, signal));
  if (found === 'created') return { answer: 'accepted', decision: 'accept' };
  // Which of the two it is depends on whether the connector takes the attempt under way.
  const isOpen = type === undefined && found.delivering && !found.deprovisioned;
  const settled = isOpen ? await awaitAttempt(deps, { id, found }, signal) : found;
  const decision = decideAnswer(type, { ...settled, sameContent: isSameContent(settled, received) });
  return { answer: await act[decision](deps, { id, message, found: settled }, signal), decision };
}

function isSameContent({ request }: FoundFlow, { message, template }: ReceivedRequest): boolean {
  return request.assetId === message.assetId && (template ?? request.template) === request.template;
}

/**
 * Nearly every request is new, and creating the flow shows whether it is: looking first would double the requests to the cluster. A
 * repeat is answered as the first was, although its template is gone, or nothing new can be accepted now.
 */
async function acceptOrFind(
  deps: Deps,
  received: Identified,
  signal: AbortSignal,
): Promise<FoundFlow | 'created'> {
  try {
    return await accept(deps, received, signal);
  } catch (error) {
    const found = isServiceError(error, ...refusals) ? await deps.flows.find(received.id, signal) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

/** What a new flow needs and a repeat does not: a template, an address to call, the store, and a cluster that admits the Job. */
const refusals = [
  'invalid-request',
  'invalid-parameters',
  'invalid-template',
  'unknown-template',
  'forbidden',
  'store-unavailable',
  'store-refused',
  'store-forbidden',
  'cluster-refused',
] as const;

async function accept(deps: Deps, received: Identified, signal: AbortSignal): Promise<FoundFlow | 'created'> {
  checkCallbackAddress(received);
  const rendered = render(deps.templates, received);
  const acceptance = await deps.flows.accept(buildRequest(deps, received, rendered), rendered, signal);
  if (acceptance.created) return 'created';
  return acceptance.found ?? conflict(received.message, 'those of a Job that is not a flow of this service');
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

/** Before anything is stored, let alone sent there. */
function checkCallbackAddress({ connector, message }: ReceivedRequest): void {
  if (isBelowPrefix(message.callbackAddress, connector.callbackPrefix)) return;
  throw new ServiceError(
    'invalid-request',
    `callbackAddress: expected an address below ${connector.callbackPrefix}, in plain spelling, received ${showAddress(message.callbackAddress)}`,
    { field: 'callbackAddress' },
  );
}

function render(
  templates: readonly Template[],
  { connector, message: { assetId }, template: name }: ReceivedRequest,
): RenderedTemplate {
  const allowed = templates.filter(
    (one) => connector.templates.includes('*') || connector.templates.includes(one.name),
  );
  function isNamed(one: Template): boolean {
    return one.name === name;
  }
  if (templates.some(isNamed) && !allowed.some(isNamed)) {
    throw new ServiceError('forbidden', `template: "${connector.name}" may not ask for "${name}"`, {
      field: 'template',
    });
  }
  return renderTemplate(chooseTemplate(allowed, { assetId, template: name }), { assetId, parameters: {} });
}

function buildRequest(
  { now }: Deps,
  { connector, message }: ReceivedRequest,
  { template }: RenderedTemplate,
): FlowRequest {
  const { ids, assetId, callbackAddress, consumer, policyDigest } = message;
  return {
    dialect: connector.dialect,
    connector: connector.name,
    ids,
    assetId,
    template: template.name,
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
