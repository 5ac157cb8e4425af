import type { TestContext } from 'node:test';
import { runOnServers } from './run-on-servers.ts';
import type { World } from './world.ts';

/** Power over the nodes that pods run on, embedded or real; by name, as `spec.nodeName` has it. */
export interface Nodes {
  /** A power cut: every process of its pods ends at once, and nobody is told. */
  cut(node: string): Promise<void>;
  /** Power is back: resolves when the node is Ready. Harmless if it never went. */
  restore(node: string): Promise<void>;
  /** The kubelet alone: pods run on, and nobody speaks for them. Real nodes only. */
  stopKubelet(node: string): Promise<void>;
  startKubelet(node: string): Promise<void>;
}

/** What the test leaves off is on again after it. */
export function openNodes(t: TestContext, { servers }: World): Nodes {
  const { node } = servers;
  if (node !== undefined) return embeddedNodes(node);
  const off = new Set<string>();
  const speechless = new Set<string>();
  t.after(async () => {
    for (const name of off) await nodes.restore(name);
    for (const name of speechless) await nodes.startKubelet(name);
  });
  const nodes: Nodes = {
    async cut(name) {
      off.add(name);
      speechless.delete(name);
      await runOnServers('node', 'stop', numberOf(name));
    },
    async restore(name) {
      if (!off.delete(name)) return;
      await runOnServers('node', 'start', numberOf(name));
    },
    async stopKubelet(name) {
      speechless.add(name);
      await runOnServers('node', 'kubelet', numberOf(name), 'stop');
    },
    async startKubelet(name) {
      if (!speechless.delete(name)) return;
      await runOnServers('node', 'kubelet', numberOf(name), 'start');
    },
  };
  return nodes;
}

function embeddedNodes(node: NonNullable<World['servers']['node']>): Nodes {
  function refuse(): never {
    throw new Error("a test of the kubelet: expected needing('two real nodes')");
  }
  return {
    cut: () => node.cut(),
    restore: () => {
      node.restore();
      return Promise.resolve();
    },
    stopKubelet: refuse,
    startKubelet: refuse,
  };
}

/** node-2 is `node start DIR 2`. */
function numberOf(name: string): string {
  return name.replace(/^node-/, '');
}
