import { isRecord } from '../copy.ts';
import { containersOf, podSpecOf } from '../kinds/shapes.ts';
import { amountsOf } from '../pod-resources.ts';
import { parseQuantity, quantityText } from '../quantity.ts';
import { resources } from '../resources.ts';
import type { ResourceDefinition } from '../resources.ts';
import { qualified } from '../status-error.ts';
import type { Store } from '../store.ts';
import type { KubeObject } from '../types.ts';

type Amounts = Record<string, number>;

const perPod = /^(requests|limits)\.(.+)$/;
const shorthands: Record<string, string> = { cpu: 'requests.cpu', memory: 'requests.memory' };

/** Whether a quota may name this: the count of a kind, or what pods request or are limited to. */
export function isQuotaResource(name: string): boolean {
  const full = shorthands[name] ?? name;
  return countedKind(full) !== undefined || (perPod.test(full) && full !== 'requests.storage');
}

/** Why the namespace's quotas have no room for the object; undefined if they have. */
export function quotaRefusal(
  store: Store,
  definition: ResourceDefinition,
  object: KubeObject,
): string | undefined {
  for (const quota of store.all('resourcequotas', object.metadata.namespace)) {
    const why = refusalOf(store, quota, { definition, object });
    if (why !== undefined) return why;
  }
  return undefined;
}

/** What the namespace uses of each resource that the quota limits. */
export function usageOf(store: Store, quota: KubeObject): Record<string, string> {
  const used = usedOf(store, quota);
  return Object.fromEntries(Object.keys(hardOf(quota)).map((name) => [name, quantityText(used[name] ?? 0)]));
}

interface Candidate {
  definition: ResourceDefinition;
  object: KubeObject;
}

function refusalOf(store: Store, quota: KubeObject, candidate: Candidate): string | undefined {
  const { name } = quota.metadata;
  const hard = hardOf(quota);
  const wanted = amountsFor(Object.keys(hard), candidate);
  const unspecified =
    candidate.definition.plural === 'pods' ? notSpecified(Object.keys(hard), candidate.object) : [];
  if (unspecified.length > 0) return `failed quota: ${name}: must specify ${unspecified.join('; ')}`;
  if (Object.keys(wanted).length === 0) return undefined;
  const used = usedOf(store, quota);
  const exceeded = Object.keys(wanted)
    .filter(
      (each) =>
        thousandths((used[each] ?? 0) + (wanted[each] ?? 0)) > thousandths(parseQuantity(hard[each] ?? '0')),
    )
    .sort();
  if (exceeded.length === 0) return undefined;
  const limits = exceeded.map((each) => `${each}=${hard[each] ?? ''}`).join(',');
  return `exceeded quota: ${name}, requested: ${listed(wanted, exceeded)}, used: ${listed(used, exceeded)}, limited: ${limits}`;
}

function listed(amounts: Amounts, names: string[]): string {
  return names.map((name) => `${name}=${quantityText(amounts[name] ?? 0)}`).join(',');
}

function thousandths(amount: number): number {
  return Math.round(amount * 1000);
}

/** A quota on compute wants every container to say what it needs. */
function notSpecified(names: string[], pod: KubeObject): string[] {
  return names.sort().flatMap((name) => {
    const [, what, resource = ''] = perPod.exec(shorthands[name] ?? name) ?? [];
    if (resource !== 'cpu' && resource !== 'memory') return [];
    const silent = containersOf(podSpecOf(pod)).filter(
      ({ resources: needs }) => needs?.[what as 'requests' | 'limits']?.[resource] === undefined,
    );
    if (silent.length === 0) return [];
    return [
      `${name} for: ${silent
        .map((container) => container.name ?? '')
        .sort()
        .join(',')}`,
    ];
  });
}

function usedOf(store: Store, quota: KubeObject): Amounts {
  const names = Object.keys(hardOf(quota));
  const total: Amounts = {};
  const kinds = new Set(names.map((name) => countedKind(name) ?? 'pods'));
  for (const definition of resources.filter(({ plural }) => kinds.has(plural))) {
    for (const object of store.all(definition.plural, quota.metadata.namespace)) {
      for (const [name, amount] of Object.entries(amountsFor(names, { definition, object }))) {
        total[name] = (total[name] ?? 0) + amount;
      }
    }
  }
  return total;
}

/** Of the named resources: what the object takes. A pod that has ended takes nothing of what is for pods that run. */
function amountsFor(names: string[], { definition, object }: Candidate): Amounts {
  const isRunning = definition.plural === 'pods' && !hasEnded(object);
  const counts = names.filter((name) =>
    name === 'pods' ? isRunning : countedKind(name) === definition.plural,
  );
  const amounts = Object.fromEntries(counts.map((name) => [name, 1]));
  return isRunning ? { ...amounts, ...amountsOfPod(names, object) } : amounts;
}

function amountsOfPod(names: string[], pod: KubeObject): Amounts {
  const needs = {
    requests: amountsOf(podSpecOf(pod), 'requests'),
    limits: amountsOf(podSpecOf(pod), 'limits'),
  };
  const amounts: Amounts = {};
  for (const name of names) {
    const [, what = '', resource = ''] = perPod.exec(shorthands[name] ?? name) ?? [];
    const amount = what === '' ? undefined : needs[what as 'requests' | 'limits'][resource];
    if (amount !== undefined) amounts[name] = amount;
  }
  return amounts;
}

/** `pods`, or `count/jobs.batch`. */
function countedKind(name: string): string | undefined {
  const counted = name === 'pods' ? 'pods' : /^count\/(.+)$/.exec(name)?.[1];
  return resources.find((definition) => qualified(definition) === counted)?.plural;
}

function hasEnded(object: KubeObject): boolean {
  const status = isRecord(object['status']) ? object['status'] : {};
  return status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
}

function hardOf(quota: KubeObject): Record<string, string> {
  const spec = isRecord(quota['spec']) ? quota['spec'] : {};
  return isRecord(spec['hard']) ? (spec['hard'] as Record<string, string>) : {};
}
