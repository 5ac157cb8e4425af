import type { ConnectorConfig } from '../../config/config.ts';
import { isBelowPrefix, showAddress } from '../callback-address.ts';
import { decideAnswer, type Decision, type KnownFlow } from './decide-answer.ts';
import type { ProvisionMessage } from './read-request.ts';
import { isServiceError, ServiceError } from '../../errors.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import { flowName } from '../../flow/names.ts';
import { flowLogger, type Logger } from '../../log.ts';
import type { Acceptance, FlowService, FoundFlow } from '../../provisioner/flow-service.ts';
import { chooseTemplate } from '../../template/choose-template.ts';
import { renderTemplate } from '../../template/render-template.ts';
import type { RenderedTemplate, Template } from '../../template/template.ts';
import { problemOf } from '../../http/problem.ts';

export interface ProvisionDependencies {
  templates: readonly Template[];
  flows: FlowService;
  now: () => Date;
}

export interface Asked {
  connector: ConnectorConfig;
  message: ProvisionMessage;
  /** Named in the path. */
  template?: string;
  log: Logger;
}

/** For people who read along; connectors look at the status alone. */
export interface ProvisionAnswer {
  id: string;
  answer: 'accepted' | 'repeated' | 'deprovisioned';
}

/** The same with what it was decided from, for the log. */
export interface DecidedAnswer extends ProvisionAnswer {
  decision: Decision;
}

/** Whatever is wrong for good throws a 4xx, which the connector takes as final; what may work later throws a 503. */
export async function answerProvision(
  deps: ProvisionDependencies,
  asked: Asked,
  signal: AbortSignal,
): Promise<DecidedAnswer> {
  const { connector, message } = asked;
  const id = flowName({ dialect: 'control-plane', connector: connector.name, ids: message.ids });
  try {
    return await answerFor(deps, { ...asked, id }, signal);
  } catch (error) {
    const { status } = problemOf(error);
    if (status >= 500 && message.type !== 'deprovision') markLate(deps, { ...asked, id });
    throw error;
  }
}

const lateMarkMillis = 10_000;

/**
 * A connector whose request found no answer sends it again within seconds: a callback in between would overtake that answer. What
 * kept the mark from being written may be over by now; if it is not, no callback can leave either.
 */
function markLate({ flows }: ProvisionDependencies, { id, log }: Asked & { id: string }): void {
  flows.recordRepeat(id, AbortSignal.timeout(lateMarkMillis)).catch((error: unknown) => {
    flowLogger(log, id).warn({ err: error }, 'A request without an answer could not be marked.');
  });
}

async function answerFor(
  deps: ProvisionDependencies,
  asked: Asked & { id: string },
  signal: AbortSignal,
): Promise<DecidedAnswer> {
  const { id, message } = asked;
  const { created = false, recalled: known } =
    message.type === 'provision' ? await acceptIfPossible(deps, asked, signal) : {};
  if (created) return { id, answer: 'accepted', decision: 'accept' };
  const { decision, recalled } = await decide(deps, { ...asked, known }, signal);
  return { id, answer: await act[decision](deps, { ...asked, recalled }, signal), decision };
}

/**
 * Nearly all that says it is a provision is new, and creating the flow tells whether it is: looking first would double the
 * requests to the cluster. What is known, or cannot be accepted, is left to the long way, since a repeat is answered as the first was.
 */
async function acceptIfPossible(
  deps: ProvisionDependencies,
  asked: Asked,
  signal: AbortSignal,
): Promise<Partial<Acceptance>> {
  const rendered = renderIfPossible(deps, asked);
  if (rendered === undefined) return {};
  try {
    return await deps.flows.accept(buildRequest(deps, asked, rendered), rendered, signal);
  } catch (error) {
    // A new flow needs the store, and a cluster that admits it; a repeat is answered without either. Policies are asked before names.
    if (isServiceError(error, 'store-unavailable', 'store-refused', 'store-forbidden', 'cluster-refused'))
      return {};
    throw error;
  }
}

function renderIfPossible({ templates }: ProvisionDependencies, asked: Asked): RenderedTemplate | undefined {
  try {
    checkCallbackAddress(asked);
    return render(templates, asked);
  } catch (error) {
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

interface Decided {
  decision: Decision;
  /** What it was decided from. */
  recalled?: FoundFlow | undefined;
}

/** `known`: read a moment ago. */
async function decide(
  { flows }: ProvisionDependencies,
  { id, known, ...asked }: Asked & { id: string; known: FoundFlow | undefined },
  signal: AbortSignal,
): Promise<Decided> {
  const { type } = asked.message;
  if (type === 'deprovision') return { decision: decideAnswer(type, undefined) };
  const found = known ?? (await flows.recall(id, signal));
  // Before EDC 0.11 a deprovision looks like a repeat. Which one it is depends on whether the connector takes the attempt under way.
  const isOpen = type === undefined && found?.delivering === true && !found.deprovisioned;
  const recalled = isOpen ? await flows.awaitAttempt(id, signal, found) : found;
  return { decision: decideAnswer(type, recalled && knownFlow(recalled, asked)), recalled };
}

function knownFlow({ request, ...recalled }: FoundFlow, { message, template }: Asked): KnownFlow {
  const sameContent =
    request.assetId === message.assetId && (template ?? request.template) === request.template;
  return { ...recalled, sameContent };
}

type Act = (
  deps: ProvisionDependencies,
  asked: Asked & { id: string; recalled: FoundFlow | undefined },
  signal: AbortSignal,
) => Promise<ProvisionAnswer['answer']>;

const act: Record<Decision, Act> = {
  accept,
  'record-repeat': recordRepeat,
  repeat: () => Promise.resolve('repeated'),
  deprovision,
  conflict: () => Promise.reject(conflict('those of a request for another asset or template')),
  ended: () => Promise.reject(conflict('those of a transfer that has ended here')),
};

async function accept(
  deps: ProvisionDependencies,
  asked: Asked & { id: string },
  signal: AbortSignal,
): Promise<ProvisionAnswer['answer']> {
  checkCallbackAddress(asked);
  const rendered = render(deps.templates, asked);
  const acceptance = await deps.flows.accept(buildRequest(deps, asked, rendered), rendered, signal);
  if (acceptance.created) return 'accepted';
  // Another request was quicker than ours between looking and storing.
  const { decision, recalled } = await decide(deps, { ...asked, known: acceptance.recalled }, signal);
  if (decision === 'accept') throw conflict('those of a Job that is not a flow of this service');
  return await act[decision](deps, { ...asked, recalled }, signal);
}

async function recordRepeat(
  { flows }: ProvisionDependencies,
  { id, recalled }: Parameters<Act>[1],
  signal: AbortSignal,
): Promise<ProvisionAnswer['answer']> {
  await flows.recordRepeat(id, signal, recalled);
  return 'repeated';
}

/** Of an unknown flow there is nothing to take away, and the connector wants to hear exactly that it is gone. */
async function deprovision(
  { flows }: ProvisionDependencies,
  { id }: { id: string },
  signal: AbortSignal,
): Promise<ProvisionAnswer['answer']> {
  await flows.deprovision(id, signal);
  return 'deprovisioned';
}

/** Before anything is stored, let alone sent there. */
function checkCallbackAddress({ connector, message }: Asked): void {
  if (isBelowPrefix(message.callbackAddress, connector.callbackPrefix)) return;
  throw new ServiceError(
    'invalid-request',
    `callbackAddress: expected an address below ${connector.callbackPrefix}, in plain spelling, received ${showAddress(message.callbackAddress)}`,
    {
      field: 'callbackAddress',
    },
  );
}

function render(
  templates: readonly Template[],
  { connector, message, template: name }: Asked,
): RenderedTemplate {
  const { assetId } = message;
  const allowed = templates.filter(
    (one) => connector.templates.includes('*') || connector.templates.includes(one.name),
  );
  if (
    name !== undefined &&
    templates.some((one) => one.name === name) &&
    !allowed.some((one) => one.name === name)
  ) {
    throw new ServiceError('forbidden', `template: "${connector.name}" may not ask for "${name}"`, {
      field: 'template',
    });
  }
  const template = chooseTemplate(allowed, { assetId, ...(name === undefined ? {} : { template: name }) });
  return renderTemplate(template, { assetId, parameters: {} });
}

function buildRequest(
  { now }: ProvisionDependencies,
  { connector, message }: Asked,
  { template }: RenderedTemplate,
): FlowRequest {
  const { ids, assetId, callbackAddress, consumer, policyDigest } = message;
  return {
    dialect: 'control-plane',
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

function conflict(received: string): ServiceError {
  return new ServiceError(
    'conflict',
    `transferProcessId and resourceDefinitionId: expected new ones, received ${received}`,
    { field: 'transferProcessId' },
  );
}
