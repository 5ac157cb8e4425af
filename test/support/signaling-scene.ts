import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { flowName } from '../../src/flow/names.ts';
import { startCallbackServer, type CallbackServer } from './signaling-callbacks.ts';
import { startWorld, type WorldOptions } from './start-world.ts';
import type { World } from './world.ts';

const name = 'signaling';
const token = 'token-of-the-control-plane';

export interface Answer {
  status: number;
  location: string | null;
  body: {
    messageId?: string;
    dataFlowId?: string;
    state?: string;
    dataAddress?: { endpoint: string; endpointProperties?: { name: string; value: string }[] };
    detail?: string;
  };
}

export interface Scene {
  world: World;
  controlPlane: CallbackServer;
  /** `bearer`: the token of the header. */
  send: (path: string, body?: object, bearer?: string) => Promise<Answer>;
  state: (processId: string, bearer?: string) => Promise<string | undefined>;
  /** Base of the connector's routes. */
  base: string;
}

/** A service with one control plane, which this process plays. */
export async function startScene(
  t: TestContext,
  members: object = {},
  { env = {}, templates = {} }: Pick<WorldOptions, 'env' | 'templates'> = {},
): Promise<Scene> {
  const controlPlane = await startCallbackServer(t);
  const connector = { name, dialect: 'signaling', callbackPrefix: controlPlane.url, ...members };
  const world = await startWorld(t, {
    connectors: [],
    templates,
    settings: { connectors: [connector] },
    env: { CONNECTOR_SIGNALING_TOKENS: token, ...env },
  });
  const { service } = world;
  const base = `${service.url}/connectors/${name}/${token}`;
  async function request(
    method: string,
    path: string,
    { body, bearer }: { body?: object | undefined; bearer?: string | undefined },
  ): Promise<Answer> {
    const response = await fetch(`${base}/dataflows/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
    return { status: response.status, location: response.headers.get('location'), body: parsed };
  }
  return {
    world,
    controlPlane,
    base,
    send: (path, body, bearer) => request('POST', path, { body, bearer }),
    state: async (processId, bearer) => (await request('GET', `${processId}/status`, { bearer })).body.state,
  };
}

export function flowOf(processId: string): string {
  return flowName({ dialect: 'signaling', connector: name, ids: { processId } });
}

export function message(): { messageId: string } {
  return { messageId: randomUUID() };
}
