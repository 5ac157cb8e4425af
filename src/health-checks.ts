import { isServiceError, messageOf } from './errors.ts';
import { summariseWaiting, type FlowSummary } from './flow/pending/summarise-waiting.ts';
import { findingOf, type HealthCheck, type HealthFinding } from './http/routes/health.ts';
import type { Cluster } from './kubernetes/cluster.ts';
import type { FlowService } from './requests/flow-service.ts';
import type { Leadership } from './reconciler/leadership/describe-leadership.ts';
import type { LeaderLease } from './reconciler/leadership/leader-lease.ts';
import { createObservedFlows } from './reconciler/observed/observed-flows.ts';
import type { ObservedState, ObservedStateStatus } from './reconciler/observed/observed-state.ts';
import type { StartupChecks } from './startup-checks.ts';
import type { ObjectStore } from './storage/object-store.ts';

export interface HealthParts {
  cluster: Pick<Cluster, 'checkVersion' | 'jobs' | 'pods'>;
  store: Pick<ObjectStore, 'check'>;
  flows: Pick<FlowService, 'unrecorded'>;
  lease: Pick<LeaderLease, 'isLeader' | 'leadership'>;
  observed: Pick<ObservedState, 'current' | 'status'>;
  checks: Pick<StartupChecks, 'failed'>;
  now: () => Date;
}

/** The components of `/health`. */
export function buildHealthChecks(parts: HealthParts): Record<string, HealthCheck> {
  const { cluster, store, flows, lease, observed, checks, now } = parts;
  const openFlows = createObservedFlows({ cluster, observed });
  return {
    cluster: async (signal) => ({ inside: { detail: await cluster.checkVersion(signal) } }),
    store: async (signal) => {
      await store.check(signal);
      return undefined;
    },
    startup: () => Promise.resolve(describeStartup(checks.failed())),
    reconciler: () => Promise.resolve(describeReconciler(lease, observed.status())),
    flows: async () => {
      const { flows: found, complete } = await openFlows.list();
      return describeFlows(summariseWaiting(found, now().getTime()), complete);
    },
    records: async (signal) => {
      const unrecorded = await flows.unrecorded(signal);
      return { shown: { unrecorded: unrecorded.length }, inside: { detail: { unrecorded } } };
    },
  };
}

function describeStartup(failed: ReadonlyMap<string, unknown>): HealthFinding {
  if (failed.size === 0) return {};
  const problems = [...failed].map(([name, error]) => [name, messageOf(error).slice(0, 500)]);
  return {
    broken: true,
    shown: { failed: [...failed.keys()], problem: 'a check at the start failed; the log says why' },
    inside: { problems: Object.fromEntries(problems) as Record<string, string> },
  };
}

/**
 * Broken if no replica leads: requests are accepted, but their Jobs are not resumed. Also broken if the cache of this replica does not
 * follow the cluster: it decides late, or cannot take over.
 */
function describeReconciler(
  lease: Pick<LeaderLease, 'isLeader' | 'leadership'>,
  { synced, problem }: ObservedStateStatus,
): HealthFinding {
  const leadership = lease.leadership();
  const detail = lease.isLeader() ? 'leading' : 'standing by';
  const cache = problem !== undefined ? 'behind' : synced ? 'current' : 'filling';
  const behind = problem && `the ${problem.kind} are not followed: ${messageOf(problem.error).slice(0, 300)}`;
  if (leadership.leader !== 'none') {
    const { leader, identity, since } = leadership;
    const shown = { detail, leader: `${leader} replica`, since, cache };
    if (problem === undefined) return { shown, inside: { identity } };
    const broken = findingOf(problem.error);
    return { broken: true, shown: { ...broken.shown, ...shown }, inside: { identity, problem: behind } };
  }
  return {
    broken: true,
    shown: { detail, leader: 'none', since: leadership.since, cache, ...publicReason(leadership) },
    inside: {
      problem: [
        `nobody leads: ${leadership.reason.slice(0, 500)}`,
        ...(behind === undefined ? [] : [behind]),
      ].join('; '),
    },
  };
}

function publicReason({ error }: Extract<Leadership, { leader: 'none' }>): Record<string, unknown> {
  if (error === undefined) return { problem: 'nobody leads' };
  const code = isServiceError(error) ? { code: error.code } : {};
  const { problem } = findingOf(error).shown as { problem: string };
  return { ...code, problem: `nobody leads: ${problem}` };
}

/** Messages of the cluster name images and registries: clients outside see only how many flows wait for each cause. */
function describeFlows({ open, phases, waiting }: FlowSummary, complete: boolean): HealthFinding {
  const counts = Object.entries(waiting).map(([cause, { count }]) => [cause, count]);
  return {
    shown: {
      open,
      phases,
      waiting: Object.fromEntries(counts) as Record<string, number>,
      ...(complete ? {} : { complete }),
    },
    inside: { waiting },
  };
}
