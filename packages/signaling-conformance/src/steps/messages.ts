import { randomUUID } from 'node:crypto';
import type { Step, TestRun } from '../conformance-test.ts';
import type { PlaneAnswer } from '../data-plane-client.ts';
import { describeAnswer, fail, isObject } from '../failure.ts';
import type { FlowMessage, State } from '../protocol.ts';
import { waitFor } from './wait-for.ts';

type Members = Record<string, unknown>;

/** Sends a message to the flow and expects 2xx; `resume` must say STARTED. */
export function send(message: FlowMessage, members: Members = {}): Step {
  return async (run) => {
    const answer = await sendMessage(run, message, members);
    expectSuccess(message, answer);
    if (message !== 'resume') return;
    const state = isObject(answer.body) ? answer.body['state'] : undefined;
    if (state !== 'STARTED') fail(`resume: expected state STARTED, received ${describeAnswer(answer)}`);
  };
}

/** Waits until the status of the flow is this state. It may be another one later: the public kit too wants to see it, not more. */
export function reach(state: State): Step {
  return async (run) => {
    let last = '';
    await waitFor(
      run,
      async () => {
        last = await readState(run);
        return last === state ? last : undefined;
      },
      () => `status: expected ${state}, received ${last}`,
    );
  };
}

export async function readState(run: TestRun): Promise<string> {
  const answer = await readStatus(run, run.flowId);
  expectSuccess('status', answer);
  const state = isObject(answer.body) ? answer.body['state'] : undefined;
  return typeof state === 'string'
    ? state
    : fail(`status: expected a state, received ${describeAnswer(answer)}`);
}

export async function readStatus(run: TestRun, flowId: string): Promise<PlaneAnswer> {
  return await run.plane({ method: 'GET', path: `${encodeURIComponent(flowId)}/status` });
}

/** As the public kit writes them: `completed` is empty, and `terminate` has a reason. */
export function buildMessage(message: FlowMessage, members: Members = {}): Members {
  if (message === 'completed') return members;
  const reason = message === 'terminate' ? { reason: 'any' } : {};
  return { messageId: randomUUID(), ...reason, ...members };
}

export async function sendMessage(
  run: TestRun,
  message: FlowMessage,
  members: Members = {},
): Promise<PlaneAnswer> {
  const path = `${encodeURIComponent(run.flowId)}/${message}`;
  return await run.plane({ path, body: JSON.stringify(buildMessage(message, members)) });
}

export function expectSuccess(what: string, answer: PlaneAnswer): void {
  if (answer.status < 200 || answer.status > 299)
    fail(`${what}: expected 2xx, received ${describeAnswer(answer)}`);
}

/** The data plane refuses what the control plane asked for. A 5xx is no refusal: a control plane would send the message again. */
export function expectRefusal(what: string, answer: PlaneAnswer): void {
  if (answer.status < 400 || answer.status > 499)
    fail(`${what}: expected 4xx, received ${describeAnswer(answer)}`);
}

export function expectStatus(what: string, answer: PlaneAnswer, ...statuses: number[]): void {
  if (!statuses.includes(answer.status))
    fail(`${what}: expected ${statuses.join(' or ')}, received ${describeAnswer(answer)}`);
}
