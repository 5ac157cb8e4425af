import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { flowName } from '../../src/flow/names.ts';
import { startCallbackServer, type CallbackServer } from './signaling-callbacks.ts';
import { startWorld } from './start-world.ts';
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
    dataAddress?: { endpoint: string };
    detail?: string;
  };
}

export interface Scene {
  world: World;
  controlPlane: CallbackServer;
  send: (path: string, body?: object) => Promise<Answer>;
  state: (processId: string) => Promise<string | undefined>;
}

/** A service with one control plane, which this process plays. */
export async function startScene(t: TestContext, members: object = {}): Promise<Scene> {
  const controlPlane = await startCallbackServer(t);
  const connector = { name, dialect: 'signaling', callbackPrefix: controlPlane.url, ...members };
  const world = await startWorld(t, {
    connectors: [],
    settings: { connectors: [connector] },
    env: { CONNECTOR_SIGNALING_TOKENS: token },
  });
  const { service } = world;
  async function request(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${service.url}/connectors/${name}/${token}/dataflows/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
    return { status: response.status, location: response.headers.get('location'), body: parsed };
  }
  return {
    world,
    controlPlane,
    send: (path, body) => request('POST', path, body),
    state: async (processId) => (await request('GET', `${processId}/status`)).body.state,
  };
}

export function flowOf(processId: string): string {
  return flowName({ dialect: 'signaling', connector: name, ids: { processId } });
}

export function message(): { messageId: string } {
  return { messageId: randomUUID() };
}
