import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCreation, readFlowMessage } from '../../../../src/dialects/signaling/read-message.ts';
import {
  decideAtOnce,
  decideEvent,
  decideMessage,
} from '../../../../src/dialects/signaling/state-machine.ts';
import type {
  EventStep,
  FlowAt,
  FlowEvent,
  Message,
  MessageStep,
} from '../../../../src/dialects/signaling/states.ts';
import { readTraffic, type Exchange } from '../read-traffic.ts';

const scenarios = [
  'pull-synchronous',
  'pull-asynchronous',
  'push-asynchronous',
  'prepare-asynchronous',
  'suspend-resume',
  'start-dropped',
  'errored',
  'consumer-terminates-starting',
];

for (const scenario of scenarios) {
  test(`reads and takes every message of a recorded transfer, and answers what EDC 0.18.0 has taken: ${scenario}`, async () => {
    const flows = new Map<string, FlowAt>();
    const answered: Answered = new Map();
    for (const exchange of await readTraffic(`0.18.0-signaling-${scenario}`)) {
      if (exchange.kind.endsWith('control-plane')) applyCallback(flows, exchange);
      else applyMessage(flows, exchange, answered);
    }
  });
}

/** The states that the answers named, by message. */
type Answered = Map<string, string>;

function applyMessage(flows: Map<string, FlowAt>, exchange: Exchange, answered: Answered): void {
  const { id, message, step, flow, messageId = '' } = decide(flows, exchange, answered);
  assert.notEqual(step.verdict, 'illegal', `${message} in ${flow.state}: ${JSON.stringify(step)}`);
  assert.ok('answer' in step);
  if (step.verdict === 'legal') answered.set(`${message} ${messageId}`, step.next);
  flows.set(id, { ...flow, state: step.next });
  if (exchange.status === 0) return;
  const sent = exchange.answer === '' ? {} : (JSON.parse(exchange.answer) as Record<string, unknown>);
  assert.equal(step.answer.status, exchange.status);
  assert.equal(step.answer.body === 'message', 'state' in sent);
  assert.equal(step.answer.address, 'dataAddress' in sent);
  if ('state' in sent) assert.equal(step.next, sent['state']);
}

interface Decided {
  id: string;
  message: Message;
  flow: FlowAt;
  step: MessageStep;
  messageId: string | undefined;
}

function decide(flows: Map<string, FlowAt>, { path, body, status }: Exchange, answered: Answered): Decided {
  const [, , first = '', second] = path.split('/');
  const message = (second ?? first) as Message;
  if (message === 'prepare' || message === 'start') {
    const { kind, processId: id, messageId, address } = readCreation(message, JSON.parse(body));
    const input = {
      message,
      hasAddress: address !== undefined,
      answered: answered.get(`${message} ${messageId}`) as 'STARTED' | undefined,
    };
    const flow: FlowAt = flows.get(id) ?? { kind, state: 'none' };
    const step =
      status === 202 || flow.state !== 'none' ? decideMessage(flow, input) : decideAtOnce(kind, input);
    return { id, message, flow, step, messageId };
  }
  const { messageId, address } = readFlowMessage(JSON.parse(body));
  const flow = flows.get(first);
  assert.ok(flow);
  return {
    id: first,
    message,
    flow,
    step: decideMessage(flow, { message, hasAddress: address !== undefined }),
    messageId,
  };
}

const raised: Record<string, FlowEvent> = {
  prepared: 'receiver-ready',
  started: 'results-ready',
  completed: 'transferred',
  errored: 'failed',
};

/** A recorded callback stands where an event of this side's flow was. One that came too late was refused, and would not be sent. */
function applyCallback(flows: Map<string, FlowAt>, { path, body, status }: Exchange): void {
  const [id = '', , notice = ''] = path.split('/').slice(3);
  const flow = flows.get(id);
  const event = raised[notice];
  assert.ok(flow && event);
  const step: EventStep = decideEvent(flow, event);
  const sent = JSON.parse(body) as Record<string, unknown>;
  if (status !== 200) {
    assert.equal(step.verdict, 'ignored');
    return;
  }
  assert.ok('notify' in step);
  assert.deepEqual([step.notify, step.next, step.address], [notice, sent['state'], 'dataAddress' in sent]);
  flows.set(id, { ...flow, state: step.next });
}
