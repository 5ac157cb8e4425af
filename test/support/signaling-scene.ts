import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { connectorLabel } from '../../src/flow/labels.ts';
import { flowName } from '../../src/flow/names.ts';
import type { Job } from '../../src/kubernetes/types.ts';
import { startCallbackServer, type CallbackServer } from './signaling-callbacks.ts';
import { startWorld, type WorldOptions } from './start-world.ts';
import type { World } from './world.ts';

function tokenOf(name: string): string {
  return `token-of-the-control-plane-${name}`;
}

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
  /** The id of the flow of a process of this control plane. */
  flowOf: (processId: string) => string;
  /** Those of this control plane. */
  jobs: () => Promise<Job[]>;
}

export interface Scenario {
  title: string;
  /** Of its connector in the settings. */
  members?: object;
  play: (scene: Scene, t: TestContext) => Promise<void>;
}

type ScenesOptions = Pick<WorldOptions, 'env' | 'templates'>;

/** A service with one control plane, which this process plays. */
export async function startScene(
  t: TestContext,
  members: object = {},
  options: ScenesOptions = {},
): Promise<Scene> {
  const scenes = await startScenes(t, { signaling: members }, options);
  return sceneOf(scenes, 'signaling');
}

/**
 * Plays scenarios beside each other, as tests of their own and at one service, each with a control plane of its own, whose name is the
 * scenario's. They share the service and the gate, and nothing else. The test of `t` needs the option `concurrency: true`.
 */
export async function playScenarios(
  t: TestContext,
  scenarios: Readonly<Record<string, Scenario>>,
  options: ScenesOptions = {},
): Promise<void> {
  const members = Object.entries(scenarios).map(([name, scenario]) => [name, scenario.members ?? {}]);
  const scenes = await startScenes(t, Object.fromEntries(members) as Record<string, object>, options);
  const played = Object.entries(scenarios).map(([name, { title, play }]) =>
    t.test(title, (one) => play(sceneOf(scenes, name), one)),
  );
  await Promise.all(played);
}

function sceneOf(scenes: ReadonlyMap<string, Scene>, name: string): Scene {
  const scene = scenes.get(name);
  assert.ok(scene !== undefined, name);
  return scene;
}

/** A service with a control plane for each name; the value has members of its entry in the settings. */
async function startScenes(
  t: TestContext,
  members: Readonly<Record<string, object>>,
  { env = {}, templates = {} }: ScenesOptions,
): Promise<Map<string, Scene>> {
  const controlPlanes = await Promise.all(
    Object.keys(members).map(async (name) => ({ name, controlPlane: await startCallbackServer(t) })),
  );
  const connectors = controlPlanes.map(({ name, controlPlane: { url } }) => ({
    name,
    dialect: 'signaling',
    callbackPrefix: url,
    ...members[name],
  }));
  const tokens = Object.keys(members).map((name) => [
    `CONNECTOR_${name.toUpperCase().replaceAll('-', '_')}_TOKENS`,
    tokenOf(name),
  ]);
  const world = await startWorld(t, {
    connectors: [],
    templates,
    settings: { connectors },
    env: { ...(Object.fromEntries(tokens) as Record<string, string>), ...env },
  });
  return new Map(controlPlanes.map((one) => [one.name, openScene(world, one)]));
}

function openScene(
  world: World,
  { name, controlPlane }: { name: string; controlPlane: CallbackServer },
): Scene {
  const base = `${world.service.url}/connectors/${name}/${tokenOf(name)}`;
  async function request(
    method: string,
    path: string,
    { body, bearer }: { body?: object | undefined; bearer?: string | undefined },
  ): Promise<Answer> {
    const response = await untilAnswered(`${base}/dataflows/${path}`, {
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
    flowOf: (processId) => flowName({ dialect: 'signaling', connector: name, ids: { processId } }),
    async jobs() {
      const jobs = await world.namespace.jobs();
      return jobs.filter(({ metadata }) => metadata?.labels?.[connectorLabel] === name);
    },
  };
}

const mostRequests = 20;

/**
 * An answer that misses its deadline on a busy machine is none: its connection is closed, and a control plane sends the message again, as is
 * done here.
 */
export async function untilAnswered(url: string, options: RequestInit = {}): Promise<Response> {
  for (let requests = 1; ; requests += 1) {
    try {
      return await fetch(url, options);
    } catch (error) {
      if (requests === mostRequests) throw error;
    }
  }
}

export function message(): { messageId: string } {
  return { messageId: randomUUID() };
}
