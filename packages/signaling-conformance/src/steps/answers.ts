import { findFault, findStatusFault } from '../check-message.ts';
import type { TestRun } from '../conformance-test.ts';
import { describeAnswer, fail, isObject } from '../failure.ts';
import { creationOf } from '../protocol.ts';
import { expectStatus, readStatus, sendMessage } from './messages.ts';

/** What the answer to `prepare` or `start` has beyond its state: a valid body, the status, a `Location` with 202, and the id that EDC uses. */
export function checkCreationAnswer({ kind, creation, processId, flowId }: TestRun): void {
  const verb = creationOf(kind);
  const answer = creation?.answer ?? fail('expected an answer');
  const fault = findFault(answer.body);
  if (fault !== undefined) fail(`${verb}: ${fault}, received ${describeAnswer(answer)}`);
  const waits = isObject(answer.body) && String(answer.body['state']).endsWith('ING');
  expectStatus(verb, answer, waits ? 202 : 200);
  if (flowId !== processId) fail(`${verb}: expected dataFlowId ${processId}, received ${flowId}`);
  const location = answer.headers.get('location') ?? 'none';
  if (waits && !location.endsWith(`/dataflows/${flowId}/status`))
    fail(`${verb}: expected a Location that ends in /dataflows/${flowId}/status, received ${location}`);
}

/** `resume` has a valid body, with the address of this side. */
export async function checkResumeAnswer(run: TestRun): Promise<void> {
  const answer = await sendMessage(run, 'resume');
  expectStatus('resume', answer, 200);
  const fault = findFault(answer.body);
  if (fault !== undefined) fail(`resume: ${fault}, received ${describeAnswer(answer)}`);
  if (!isObject(answer.body) || !('dataAddress' in answer.body)) fail('resume: expected a dataAddress');
}

/** The status is exactly the id and the state. */
export async function checkStatusAnswer(run: TestRun): Promise<void> {
  const answer = await readStatus(run, run.flowId);
  expectStatus('status', answer, 200);
  const fault = findStatusFault(answer.body);
  if (fault !== undefined) fail(`status: ${fault}`);
  const { dataFlowId } = answer.body as { dataFlowId: string };
  if (dataFlowId !== run.flowId) fail(`status: expected dataFlowId ${run.flowId}, received ${dataFlowId}`);
}
