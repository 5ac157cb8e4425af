import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorSimulator, Fault } from 'connector-simulator';
import type { World } from '../world.ts';
import { answering, cutOff, slow, type ChaosReplica, type Way } from './chaos-replica.ts';
import type { Disturbance, DisturbanceKind } from './plan-chaos.ts';

export interface Disturbed {
  world: World;
  replicas: readonly [ChaosReplica, ChaosReplica];
  connectors: readonly ConnectorSimulator[];
  /** Lives of the service that have been ended or held up so far: what may begin its back-off again. */
  lives: number;
}

/** Brings it about, and puts right again what it did. */
export async function disturb(
  disturbed: Disturbed,
  { kind, replica, lastsMillis }: Disturbance,
): Promise<void> {
  const undo = await acts[kind]({ ...disturbed, hit: disturbed.replicas[replica], half: replica });
  if (kind === 'kill' || kind === 'pause beyond the lease') disturbed.lives += 1;
  try {
    await delay(lastsMillis);
  } finally {
    await undo();
  }
}

interface Stage extends Disturbed {
  hit: ChaosReplica;
  half: 0 | 1;
}

type Undo = () => Promise<void> | void;

const acts: Record<DisturbanceKind, (stage: Stage) => Undo | Promise<Undo>> = {
  kill: async ({ hit, world, replicas, half }) => {
    await hit.service.kill();
    world.connectAll(replicas[half === 0 ? 1 : 0].service);
    return () => hit.service.start();
  },
  'pause beyond the lease': ({ hit, world, replicas, half }) => {
    hit.service.pause();
    world.connectAll(replicas[half === 0 ? 1 : 0].service);
    return () => {
      hit.service.goOn();
    };
  },
  'cluster cut off': ({ hit }) => trouble(hit.cluster, cutOff),
  'cluster slow': ({ hit }) => trouble(hit.cluster, slow),
  'cluster answers 429, 500 and 409': ({ hit }) => trouble(hit.cluster, answering([429, 500, 409])),
  'store cut off': ({ hit }) => trouble(hit.store, cutOff),
  'store slow': ({ hit }) => trouble(hit.store, slow),
  'store answers 503': ({ hit }) => trouble(hit.store, answering([503])),
  'connectors down': async (stage) => {
    const down = halfOf(stage);
    await Promise.all(down.map((one) => one.goDown()));
    return async () => {
      await Promise.all(down.map((one) => one.comeBack()));
    };
  },
  'connectors hang': (stage) => misbehave(stage, { kind: 'hang' }),
  'connectors answer 503': (stage) => misbehave(stage, { kind: 'status', status: 503 }),
  'connectors answer 405 with a web page': (stage) =>
    misbehave(stage, { kind: 'status', status: 405, page: true }),
  'connectors answer 401': (stage) => misbehave(stage, { kind: 'status', status: 401 }),
  'connectors lose answers': (stage) => {
    for (const one of halfOf(stage)) one.dropAnswers(2);
    return () => undefined;
  },
};

function trouble(way: Way, how: NonNullable<Way['trouble']>): Undo {
  way.trouble = how;
  return () => {
    way.trouble = undefined;
  };
}

function misbehave(stage: Stage, fault: Fault): Undo {
  const struck = halfOf(stage);
  for (const one of struck) for (const endpoint of endpoints) one.misbehave(endpoint, fault);
  return () => {
    for (const one of struck) for (const endpoint of endpoints) one.misbehave(endpoint, undefined);
  };
}

const endpoints = ['callback', 'management'] as const;

function halfOf({ connectors, half }: Stage): ConnectorSimulator[] {
  return connectors.filter((_, index) => index % 2 === half);
}
