import { seededRandom } from '../seeded-random.ts';
import { fates, type Fate } from './chaos-template.ts';

/** Something that goes wrong for a while, between a replica and one of its neighbours, or with the replica itself. */
export interface Disturbance {
  kind: DisturbanceKind;
  /** Which of two replicas; of the connectors' faults it says which half of them. */
  replica: 0 | 1;
  pauseMillis: number;
  lastsMillis: number;
}

const disturbanceKinds = [
  'kill',
  'pause beyond the lease',
  'cluster cut off',
  'cluster slow',
  'cluster answers 429, 500 and 409',
  'store cut off',
  'store slow',
  'store answers 503',
  'connectors down',
  'connectors hang',
  'connectors answer 503',
  'connectors answer 405 with a web page',
  'connectors answer 401',
  'connectors lose answers',
] as const;
export type DisturbanceKind = (typeof disturbanceKinds)[number];

export interface ChaosPlan {
  seed: number;
  fates: Fate[];
  disturbances: Disturbance[];
}

/** The same for the same seed: each fate and each kind of disturbance comes as soon as there is room for it. */
export function planChaos({ seed, flows, disturbances }: ChaosSize): ChaosPlan {
  const random = seededRandom(seed);
  function shuffled<T>(all: readonly T[], count: number): T[] {
    const dealt: T[] = [];
    while (dealt.length < count) {
      const left = [...all];
      while (left.length > 0) dealt.push(...left.splice(Math.floor(random() * left.length), 1));
    }
    return dealt.slice(0, count);
  }
  return {
    seed,
    fates: shuffled(fates, flows),
    disturbances: shuffled(disturbanceKinds, disturbances).map((kind) => ({
      kind,
      replica: random() < 0.5 ? 0 : 1,
      pauseMillis: Math.floor(random() * 1000),
      lastsMillis: kind === 'pause beyond the lease' ? 6000 : 1000 + Math.floor(random() * 2500),
    })),
  };
}

export interface ChaosSize {
  seed: number;
  flows: number;
  disturbances: number;
}
