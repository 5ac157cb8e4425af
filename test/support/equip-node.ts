import type { TestContext } from 'node:test';
import { connect, type Connection } from '../../src/kubernetes/connection.ts';
import type { World } from './world.ts';

const requestTimeoutMillis = 30_000;

export interface Equipment {
  labels: Record<string, string>;
  /** As a device plugin announces it. */
  resources: Record<string, string>;
}

/** Gives one node of the cluster more than it has, until the end of the test; answers its name. */
export async function equipNode(t: TestContext, world: World, wanted: Equipment): Promise<string> {
  const connection = await openConnection(world);
  const nodes = (await ask(connection, 'GET', '/api/v1/nodes')) as {
    items: { metadata: { name: string } }[];
  };
  const name = nodes.items[0]?.metadata.name ?? '';
  closeAfter(t, world, { connection, undo: () => equip(connection, name, withoutValues(wanted)) });
  await equip(connection, name, wanted);
  return name;
}

/** Real clusters alone have them, and refuse pods of an unknown one. */
export async function makeRuntimeClass(t: TestContext, world: World, name: string): Promise<void> {
  const connection = await openConnection(world);
  const path = '/apis/node.k8s.io/v1/runtimeclasses';
  const body = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'runc' };
  closeAfter(t, world, { connection, undo: () => ask(connection, 'DELETE', `${path}/${name}`) });
  await ask(connection, 'POST', path, body);
}

async function openConnection({ servers, namespace }: World): Promise<Connection> {
  const { kubeconfig } = servers;
  return await connect({ kubeconfig, namespace: namespace.name, requestTimeoutMillis });
}

/** An embedded cluster is gone by then, with all that was done to it. */
function closeAfter(
  t: TestContext,
  { servers }: World,
  { connection, undo }: { connection: Connection; undo: () => Promise<unknown> },
): void {
  t.after(async () => {
    if (!servers.disposable.cluster) await undo();
    await connection.close();
  });
}

type Nullable = Record<string, string | null>;

async function equip(
  connection: Connection,
  name: string,
  { labels, resources }: { labels: Nullable; resources: Nullable },
): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  await ask(connection, 'PATCH', path, { metadata: { labels } });
  await ask(connection, 'PATCH', `${path}/status`, {
    status: { capacity: resources, allocatable: resources },
  });
}

function withoutValues({ labels, resources }: Equipment): { labels: Nullable; resources: Nullable } {
  return { labels: nothingOf(labels), resources: nothingOf(resources) };
}

function nothingOf(values: Record<string, string>): Nullable {
  return Object.fromEntries(Object.keys(values).map((name) => [name, null]));
}

async function ask(
  connection: Connection,
  ...[method, path, body]: [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object]
): Promise<unknown> {
  const patch = method === 'PATCH' ? { contentType: 'application/merge-patch+json' as const } : {};
  const call = { method, path, ...patch, ...(body === undefined ? {} : { body }) };
  return await connection.json(call, AbortSignal.timeout(requestTimeoutMillis));
}
