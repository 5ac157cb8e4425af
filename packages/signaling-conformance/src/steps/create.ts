import { randomUUID } from 'node:crypto';
import type { Step, TestRun } from '../conformance-test.ts';
import type { PlaneAnswer } from '../data-plane-client.ts';
import { describeAnswer, fail, isObject } from '../failure.ts';
import { creationOf, type FlowKind, type State } from '../protocol.ts';
import { expectSuccess } from './messages.ts';

type Members = Record<string, unknown>;
/** Changes a message before it is sent; a member that is undefined is left out. */
export type Change = (message: Members) => Members;

/** Sends `prepare` or `start`, and expects the state and, as its direction says, a data address or none. */
export function create(state: State, change: Change = (message) => message): Step {
  return async (run) => {
    const message = change(buildCreation(run));
    const answer = await sendCreation(run, message);
    run.creation = { message, answer };
    const verb = creationOf(run.kind);
    expectSuccess(verb, answer);
    const { dataFlowId, ...body } = isObject(answer.body) ? answer.body : {};
    if (typeof dataFlowId !== 'string')
      fail(`${verb}: expected a dataFlowId, received ${describeAnswer(answer)}`);
    run.flowId = dataFlowId;
    if (body['state'] !== state) fail(`${verb}: expected state ${state}, received ${String(body['state'])}`);
    checkAddress(run.kind, state, body['dataAddress']);
  };
}

/** The message of the public kit: v1.0-RC3, without labels and metadata. */
export function buildCreation({ kind, settings, ...run }: TestRun): Members {
  return {
    messageId: randomUUID(),
    participantId: settings.participantId,
    counterPartyId: settings.counterPartyId,
    dataspaceContext: 'tck-dataspace',
    processId: run.processId,
    agreementId: run.agreementId,
    datasetId: run.datasetId,
    profile: run.profile,
    claims: {},
    ...(kind === 'provider-push' ? { dataAddress: sinkAddress(settings.callbackAddress) } : {}),
  };
}

/** Without `@type`, as the public kit sends it. */
export function sinkAddress(endpoint: string): Members {
  return { endpointType: 'https://w3id.org/idsa/v4.1/HTTP', endpoint };
}

export async function sendCreation(run: TestRun, message: unknown): Promise<PlaneAnswer> {
  return await run.plane({ path: creationOf(run.kind), body: JSON.stringify(message) });
}

const checked: Partial<Record<`${FlowKind} ${State}`, 'present' | 'absent'>> = {
  'consumer-pull PREPARED': 'absent',
  'consumer-pull PREPARING': 'absent',
  'consumer-push PREPARED': 'present',
  'provider-pull STARTED': 'present',
  'provider-push STARTED': 'absent',
};

function checkAddress(kind: FlowKind, state: State, address: unknown): void {
  const rule = checked[`${kind} ${state}`];
  const verb = creationOf(kind);
  // The public kit takes null for absent.
  const present = address !== undefined && address !== null;
  if (rule === 'present' && !present) fail(`${verb}: expected a dataAddress, received none`);
  if (rule === 'absent' && present) fail(`${verb}: expected no dataAddress of ${kind}, received one`);
}
