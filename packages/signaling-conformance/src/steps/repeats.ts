import { randomUUID } from 'node:crypto';
import type { TestRun } from '../conformance-test.ts';
import type { PlaneAnswer } from '../data-plane-client.ts';
import { describeAnswer, fail, sameJson } from '../failure.ts';
import { creationOf } from '../protocol.ts';
import { buildCreation, sendCreation } from './create.ts';
import { expectRefusal, expectSuccess } from './messages.ts';
import { keepState } from './refusals.ts';

/** The message that created the flow comes again, as after a lost answer, and is answered as the first time. */
export async function repeatCreation(run: TestRun): Promise<void> {
  const { message, answer } = sent(run);
  expectSame(creationOf(run.kind), answer, await sendCreation(run, message));
}

/** Two copies of the message that arrive together get the same answer. */
export async function createTwiceAtOnce(run: TestRun): Promise<void> {
  const message = buildCreation(run);
  const [first, second] = await Promise.all([sendCreation(run, message), sendCreation(run, message)]);
  const verb = creationOf(run.kind);
  run.flowId = run.processId;
  expectSuccess(`${verb} beside a copy of it`, first);
  expectSame(`${verb} beside a copy of it`, first, second);
}

/** Another message for the same transfer is refused. */
export async function refuseOtherCreation(run: TestRun): Promise<void> {
  const { message } = sent(run);
  const verb = creationOf(run.kind);
  await keepState(run, `${verb} with another messageId`, async () => {
    const answer = await sendCreation(run, { ...message, messageId: randomUUID() });
    expectRefusal(`${verb} with another messageId`, answer);
  });
}

function sent({ creation }: TestRun): NonNullable<TestRun['creation']> {
  return creation ?? fail('expected a message that can be sent again');
}

function expectSame(what: string, first: PlaneAnswer, second: PlaneAnswer): void {
  if (first.status !== second.status || !sameJson(first.body, second.body))
    fail(`repeated ${what}: expected ${describeAnswer(first)}, received ${describeAnswer(second)}`);
}
