import { randomUUID } from 'node:crypto';
import type { Step, TestRun } from '../conformance-test.ts';
import { describeAnswer, fail } from '../failure.ts';
import { creationOf, type FlowMessage } from '../protocol.ts';
import { buildCreation, sendCreation, type Change } from './create.ts';
import { expectRefusal, expectStatus, readState, readStatus, sendMessage } from './messages.ts';

/** Each of the messages is refused and leaves the state as it was. */
export function refuseMessages(messages: readonly FlowMessage[]): Step {
  return async (run) => {
    let state = await readState(run);
    for (const message of messages) {
      expectRefusal(`${message} in ${state}`, await sendMessage(run, message));
      state = await expectKept(run, state, message);
    }
  };
}

/** `prepare` or `start` is refused, with `status` if there is one, and no flow exists then. */
export function refuseCreation(change: Change, status?: number): Step {
  return async (run) => {
    const message = change(buildCreation(run));
    const answer = await sendCreation(run, message);
    const verb = creationOf(run.kind);
    if (status === undefined) expectRefusal(verb, answer);
    else expectStatus(verb, answer, status);
    await expectNoFlow(run);
  };
}

/** A body without this member is refused with 400 that names it. */
export function refuseWithout(member: string): Step {
  return async (run) => {
    const answer = await sendCreation(run, { ...buildCreation(run), [member]: undefined });
    const what = `${creationOf(run.kind)} without ${member}`;
    expectStatus(what, answer, 400);
    if (!answer.text.includes(member))
      fail(`${what}: expected a body that names it, received ${describeAnswer(answer)}`);
    await expectNoFlow(run);
  };
}

/** A body that is no JSON object is refused with 400. */
export function refuseText(text: string): Step {
  return async (run) => {
    const answer = await run.plane({ path: creationOf(run.kind), body: text });
    expectStatus(`${creationOf(run.kind)} with the body ${text}`, answer, 400);
  };
}

/** An id without a flow is answered with 404. */
export function refuseUnknown(message: FlowMessage | 'status'): Step {
  return async (run) => {
    run.flowId = randomUUID();
    const answer = message === 'status' ? await readStatus(run, run.flowId) : await sendMessage(run, message);
    expectStatus(`${message} of a flow that does not exist`, answer, 404);
  };
}

/** Runs `act` and expects the state to be what it was. */
export async function keepState(run: TestRun, what: string, act: () => Promise<void>): Promise<void> {
  const before = await readState(run);
  await act();
  await expectKept(run, before, what);
}

/** PREPARING may have become PREPARED by itself. */
async function expectKept(run: TestRun, before: string, what: string): Promise<string> {
  const after = await readState(run);
  if (after !== before && !(before === 'PREPARING' && after === 'PREPARED'))
    fail(`${what} in ${before}: expected the state to stay, received ${after}`);
  return after;
}

async function expectNoFlow(run: TestRun): Promise<void> {
  expectStatus(`status after a refused ${creationOf(run.kind)}`, await readStatus(run, run.processId), 404);
}
