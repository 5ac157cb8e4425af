import { type ConnectorSimulator, isTerminable, type TransferProcess } from 'connector-simulator';
import { fetchResult } from '../numbered-flows.ts';
import { deletePod, evictPod } from '../pods.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import { assetOf, type Fate } from './chaos-template.ts';

/** What was asked for, for the checker to compare with the world. */
export interface ChaoticFlow {
  number: number;
  fate: Fate;
  connector: ConnectorSimulator;
  transferId: string;
  /** The Job's name. */
  flow: string;
}

export interface Carrying {
  world: World;
  /** Name of the connector. */
  lane: string;
  fate: Fate;
  number: number;
}

/** For one flow, which no disturbance may hold up for longer; real pods take their time. */
const deadlineMs = process.env['TEST_CLUSTER_DIRECTORY'] === undefined ? 120_000 : 400_000;

/** Asks for a transfer, does to it what its fate says, and resolves when the connector has seen the end of it. */
export async function carryFate(carrying: Carrying, signal: AbortSignal): Promise<ChaoticFlow> {
  const { world, lane, fate, number } = carrying;
  const connector = world.connector(lane);
  const transfer = connector.startTransfer({ assetId: assetOf(fate, number), mode: 'pull' });
  const flow = world.flowOf(transfer, lane);
  const stage = { world, connector, id: transfer.id, number, flow };
  const overdue = new AbortController();
  const timer = setTimeout(() => {
    overdue.abort(new Error(`no end within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    await ends[fate](stage, AbortSignal.any([signal, overdue.signal]));
  } catch (cause) {
    const { state, errorDetail = '' } = connector.process(transfer.id);
    throw new Error(`flow ${number} (${fate}, ${flow}, ${lane}) at ${state} ${errorDetail}`, { cause });
  } finally {
    clearTimeout(timer);
  }
  return { number, fate, connector, transferId: transfer.id, flow };
}

interface Stage {
  world: World;
  connector: ConnectorSimulator;
  id: string;
  number: number;
  flow: string;
}

type End = (stage: Stage, signal: AbortSignal) => Promise<unknown>;

const ends: Record<Fate, End> = {
  plain: deliver,
  repeated: async (stage, signal) => {
    const { connector, id } = stage;
    await untilAsked(stage, signal);
    await connector.repeat(id, { times: 3 });
    await deliver(stage, signal);
  },
  evicted: async (stage, signal) => {
    await evictPod(stage.world, await untilPodRuns(stage, signal));
    await deliver(stage, signal);
  },
  'pod deleted': async (stage, signal) => {
    await deletePod(stage.world, await untilPodRuns(stage, signal));
    await untilTerminated(stage, signal);
  },
  fails: untilTerminated,
  empty: untilTerminated,
  unknown: untilTerminated,
  terminated: async (stage, signal) => {
    await untilPodRuns(stage, signal);
    const { connector, id } = stage;
    if (!connector.terminateByProvider(id))
      throw new Error(`transfer ${id} is over: ${connector.process(id).state}`);
    await waitUntil(
      `no pod of ${stage.flow} to be left`,
      async () => (await stage.world.namespace.pods(stage.flow)).length === 0,
      { deadlineMs, everyMs: 200, signal },
    );
  },
  'job deleted': async (stage, signal) => {
    await untilPodRuns(stage, signal);
    await stage.world.namespace.deleteJob(stage.flow);
    await untilTerminated(stage, signal);
  },
};

async function deliver({ connector, id, number }: Stage, signal: AbortSignal): Promise<void> {
  await fetchResult(connector, { id, number }, signal);
}

async function untilAsked({ connector, id }: Stage, signal: AbortSignal): Promise<void> {
  await connector.waitFor(id, ({ answeredAt }) => answeredAt !== undefined, { deadlineMs, signal });
}

async function untilTerminated({ connector, id }: Stage, signal: AbortSignal): Promise<TransferProcess> {
  return await connector.waitFor(id, ({ state }) => !isTerminable(state), { deadlineMs, signal });
}

/** The name of the pod. */
async function untilPodRuns({ world, flow }: Stage, signal: AbortSignal): Promise<string> {
  return await waitUntil(
    `the worker of ${flow} to run`,
    async () => {
      const pods = await world.namespace.pods(flow);
      return pods.find(({ status }) => status?.phase === 'Running')?.metadata?.name;
    },
    { deadlineMs, everyMs: 200, signal },
  );
}
