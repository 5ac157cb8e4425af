import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fixtures, type Fixture } from '../src/conformance-test.ts';
import { isObject } from '../src/failure.ts';
import { flowMessages } from '../src/protocol.ts';
import type { Callback, Creation, FlowKind, FlowMessage, State } from '../src/protocol.ts';
import { parseJson, readText } from '../src/read-text.ts';
import { findCreationFault, kindOf, profileOf, refusesMessage, type ReceivedBody } from './body-checks.ts';
import { addressOf, buildAddress, renewToken, type Grant } from './renewal.ts';
import type { Fault, Place, Rules } from './rules.ts';

type Members = Record<string, unknown>;

interface Answer {
  status: number;
  body?: unknown;
  location?: string;
  /** Happens after the answer was sent. */
  next?: () => Promise<void>;
}

interface Flow {
  id: string;
  processId: string;
  kind: FlowKind;
  profile: string;
  fixture: Fixture;
  state: State;
  messageId: unknown;
  grant: Grant;
  /** The answer to the message that created it. */
  stored: Answer;
  completionSent: boolean;
}

const owner = 'Bearer good';
const refusedTokens: Partial<Record<string, Fault>> = {
  '': 'accepts no token',
  'Bearer wrong': 'accepts a wrong token',
  'Bearer expired': 'accepts an expired token',
  'Bearer foreign': 'accepts a foreign token',
};

export interface RunningDataPlane {
  origin: string;
  /** With a token in its path, beside the one of the header. */
  url: string;
  authorization: string;
  close: () => Promise<void>;
}

/**
 * A data plane in memory that does what its rules say, and transfers nothing. Its control plane is where the `did:web` of the counterparty
 * points to, so that tests need no fixed port.
 */
export async function startDataPlane(rules: Rules): Promise<RunningDataPlane> {
  const stop = new AbortController();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const plane = new DataPlane(rules, origin, stop.signal);
  server.on('request', (request, response) => {
    plane.handle(request, response).catch(() => response.destroy());
  });
  return {
    origin,
    url: `${origin}/right`,
    authorization: owner,
    close: async () => {
      stop.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

class DataPlane {
  readonly #rules: Rules;
  readonly #origin: string;
  readonly #stopped: AbortSignal;
  readonly #flows = new Map<string, Flow>();

  constructor(rules: Rules, origin: string, stopped: AbortSignal) {
    this.#rules = rules;
    this.#origin = origin;
    this.#stopped = stopped;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const { status, body, location, next } = await this.#answer(request, text);
    const headers = location === undefined ? {} : { location };
    response.writeHead(status, headers).end(body === undefined ? undefined : JSON.stringify(body));
    if (next === undefined) return;
    if (!response.writableFinished) await once(response, 'finish');
    await next().catch(() => undefined);
  }

  async #answer(request: IncomingMessage, text: string): Promise<Answer> {
    const { authorization = '', 'content-type': contentType } = request.headers;
    const [, token, , id = '', verb] = (request.url ?? '').split('/');
    if (token === 'token') {
      const grants = [...this.#flows.values()].map(({ grant }) => grant);
      return await renewToken({ authorization, form: text }, grants, this.#rules);
    }
    if (!this.#mayCall(authorization, token)) return { status: 401 };
    const received = { text, body: readBody(text), contentType };
    if (id === 'prepare' || id === 'start') return await this.#create(id, received.body);
    if (authorization === 'Bearer other' && !this.#has("accepts another's token")) return { status: 404 };
    return this.#answerFlow(id, verb, received);
  }

  #answerFlow(id: string, verb: string | undefined, received: ReceivedBody): Answer {
    const flow = this.#flows.get(id);
    if (verb === 'status') return this.#showStatus(flow);
    const message = flowMessages.find((name) => name === verb);
    if (message === undefined) return { status: 404 };
    if (flow === undefined) return { status: this.#rules.unknownFlow[message] };
    return this.#receive(flow, message, received);
  }

  #mayCall(authorization: string, token: string | undefined): boolean {
    const refused = refusedTokens[authorization];
    if (refused !== undefined && !this.#has(refused)) return false;
    return token === 'right' || this.#has('accepts a wrong path');
  }

  async #create(verb: Creation, body: unknown): Promise<Answer> {
    const fault = findCreationFault(this.#rules, verb, body);
    if (fault !== undefined || !isObject(body)) return fault ?? { status: 400 };
    const existing = [...this.#flows.values()].find(({ processId }) => processId === body['processId']);
    if (this.#has('creates a flow for each of two copies'))
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    if (existing !== undefined && existing.messageId === body['messageId'])
      return this.#repeat(verb, existing);
    if (existing !== undefined && !this.#has(`accepts another ${verb} for a transfer`))
      return { status: 409 };
    const flow = this.#open(verb, body);
    this.#flows.set(flow.id, flow);
    const next = async (): Promise<void> => {
      if (flow.fixture === 'async') await this.#callBack(flow, verb === 'start' ? 'started' : 'prepared');
    };
    return { ...flow.stored, next };
  }

  #repeat(verb: Creation, { stored, state }: Flow): Answer {
    const body = stored.body as Members;
    if (verb === 'start' && this.#has('answers a repeated start with the state of now'))
      return { ...stored, body: { ...body, state } };
    return this.#has(`answers a repeated ${verb} with a new message`)
      ? { ...stored, body: { ...body, messageId: randomUUID() } }
      : stored;
  }

  #open(verb: Creation, body: Members): Flow {
    const { agreementId, counterPartyId, participantId, processId } = body as Record<string, string>;
    const kind = kindOf(verb, body);
    const fixture = fixtures.find((name) => name === agreementId) ?? 'sync';
    const flow: Flow = {
      id: this.#has('chooses ids of its own') ? randomUUID() : String(processId),
      processId: String(processId),
      kind,
      profile: profileOf(body),
      fixture,
      state: this.#rules.created[kind][fixture],
      messageId: body['messageId'],
      grant: {
        accessToken: randomUUID(),
        refreshToken: randomUUID(),
        audience: String(participantId),
        client: String(counterPartyId),
      },
      stored: { status: 0 },
      completionSent: false,
    };
    const waits = flow.state.endsWith('ING');
    flow.stored = {
      status: waits || this.#has('answers 202 at once') ? 202 : 200,
      body: this.#message(flow, waits ? undefined : 'create'),
      ...(waits && !this.#has('sends no Location') ? { location: `/dataflows/${flow.id}/status` } : {}),
    };
    return flow;
  }

  #receive(flow: Flow, message: FlowMessage, received: ReceivedBody): Answer {
    if (refusesMessage(this.#rules, { ...flow, message }, received)) return { status: 400 };
    const next = this.#rules.moves[flow.kind][flow.state]?.[message];
    if (next === undefined) {
      if (this.#has('changes the state with a refusal') && message === 'suspend') flow.state = 'SUSPENDED';
      return { status: 409 };
    }
    flow.state = next;
    return message === 'resume' ? { status: 200, body: this.#message(flow, 'resume') } : { status: 200 };
  }

  #showStatus(flow: Flow | undefined): Answer {
    if (flow === undefined) return { status: this.#rules.unknownFlow.status };
    const { id: dataFlowId, state } = flow;
    const more = this.#has('shows more in the status') ? { messageId: randomUUID() } : {};
    const next = async (): Promise<void> => {
      if (state !== 'STARTED' || flow.fixture !== 'complete' || flow.completionSent) return;
      flow.completionSent = true;
      await this.#callBack(flow, 'completed');
    };
    return { status: 200, body: { dataFlowId, state, ...more }, next };
  }

  /** Sends the callback until it is taken; then the flow has its state. */
  async #callBack(flow: Flow, callback: Callback): Promise<void> {
    const before = flow.state;
    const state = callback.toUpperCase() as State;
    const message = this.#message({ ...flow, state }, callback === 'completed' ? undefined : 'callback');
    const other = this.#has('calls back about another flow') ? { dataFlowId: randomUUID() } : {};
    const error = this.#has('calls back with null') ? { error: null } : {};
    const body = JSON.stringify({ ...message, ...other, ...error });
    const url = `${addressOf(flow.grant.client)}/transfers/${flow.processId}/dataflow/${callback}`;
    const sends = this.#rules.callbacks[flow.kind].includes(callback);
    while (sends && flow.state === before) {
      const response = await fetch(url, { method: 'POST', body, signal: this.#stopped });
      await response.arrayBuffer();
      if (response.status !== 404) break;
      await setTimeout(2, undefined, { signal: this.#stopped });
    }
    if (flow.state === before) flow.state = state;
  }

  #message({ id, kind, state, profile, grant }: Flow, place: Place | undefined): Members {
    const hasAddress = place !== undefined && this.#rules.addresses[kind].includes(place);
    const dataAddress = hasAddress
      ? { dataAddress: buildAddress(this.#origin, { profile, grant }, this.#rules) }
      : {};
    return { messageId: randomUUID(), dataFlowId: id, state, ...dataAddress };
  }

  #has(fault: Fault): boolean {
    return this.#rules.faults.has(fault);
  }
}

function readBody(text: string): unknown {
  return text === '' ? {} : parseJson(text);
}
