import type { TestContext } from 'node:test';
import type { ProxyHooks } from '../counting-proxy.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { World } from '../world.ts';

/** Opens a world in which one kind of transfer can be made again and again, and whose requests pass the hooks. */
export type KillScenario = (t: TestContext, hooks: ProxyHooks) => Promise<KillStage>;

export interface KillStage {
  world: World;
  /** Not started yet. */
  service: ServiceProcess;
  /** The proxies that each transfer has requests at. */
  proxies: readonly string[];
  startTransfer(): KillTransfer;
}

export interface KillTransfer {
  flow: string;
  /** Does what the consumer and the operators do, and resolves when nothing is left to happen. */
  over(): Promise<unknown>;
  /** Looks at what the connector, the consumer and the bucket have; the Job was looked at. */
  assertEndedWell(context: string): void | Promise<void>;
}
