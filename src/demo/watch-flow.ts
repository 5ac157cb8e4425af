import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../flow/delivery.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { recordKey } from '../flow/keys.ts';
import { flowLabel } from '../flow/labels.ts';
import type { SidecarReport } from '../flow/attempt.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Pod } from '../kubernetes/types.ts';
import type { Actor } from './step-printer.ts';

interface ObservedFlow {
  flow: Flow;
  pods: Pod[];
}

export interface Milestone {
  /** Called at a milestone at which the demo acts. */
  name?: 'worked' | 'calling';
  actor: Actor;
  /** The text to print once the milestone is reached; undefined before. */
  describe: (observed: ObservedFlow) => string | undefined;
}

/**
 * Polls a flow's Job and pods, as `kubectl` would, and reports each milestone once, in order. Resolves after the last one. Throws if the
 * flow did not succeed, or when the signal aborts.
 */
export async function watchFlow(
  { cluster, flow: name, milestones }: { cluster: Cluster; flow: string; milestones: readonly Milestone[] },
  onMilestone: (milestone: Milestone, text: string) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const left = [...milestones];
  while (left.length > 0) {
    const observed = await observe(cluster, name, signal);
    for (let next = left[0]; observed !== undefined && next !== undefined; next = left[0]) {
      const text = next.describe(observed);
      if (text === undefined) break;
      left.shift();
      await onMilestone(next, text);
    }
    const outcome = observed?.flow.outcome;
    if (outcome !== undefined && outcome.phase !== 'succeeded')
      throw new Error(`the flow ${outcome.phase}: ${outcome.reason}: ${outcome.message}`);
    await delay(100, undefined, { signal });
  }
}

async function observe(
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<ObservedFlow | undefined> {
  const job = await cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow === undefined) return undefined;
  const pods = await cluster.pods.list({ labelSelector: `${flowLabel}=${name}` }, signal);
  return { flow, pods: pods.items };
}

export const untilDelivered: readonly Milestone[] = [
  { actor: 'job', describe: ({ flow }) => `${flow.name} is created, suspended` },
  {
    actor: 'job',
    describe: ({ flow }) =>
      flow.startedAt && 'has its environment and its own store credentials; it is resumed',
  },
  { actor: 'worker', describe: describeRunning },
  {
    name: 'worked',
    actor: 'worker',
    describe: ({ flow: { worker } }) => worker && `has ended: ${worker.reason}, exit code ${worker.exitCode}`,
  },
  { actor: 'sidecar', describe: ({ flow }) => describeUpload(flow) },
  {
    actor: 'service',
    describe: ({ flow: { outcome } }) =>
      outcome?.phase === 'succeeded'
        ? `has verified manifest ${outcome.results.manifestSha256.slice(0, 12)}… against what the store lists`
        : undefined,
  },
  {
    name: 'calling',
    actor: 'service',
    describe: ({ flow: { delivery } }) => delivery && 'calls the connector back',
  },
  {
    actor: 'service',
    describe: ({ flow: { delivery } }) =>
      isFinal(delivery) ? 'has delivered the data address to the connector' : undefined,
  },
];

export const untilDeleted: readonly Milestone[] = [
  {
    actor: 'store',
    describe: ({ flow: { name, recordedAt, resultsDeletedAt } }) =>
      recordedAt && resultsDeletedAt && `the results are gone; ${recordKey(name)} remains`,
  },
];

function describeRunning({ flow, pods }: ObservedFlow): string | undefined {
  if (flow.worker !== undefined) return `has run (${flow.plan.image})`;
  const pod = pods.find(isRunning);
  return pod && `runs in pod ${pod.metadata?.name ?? ''} (${flow.plan.image})`;
}

function isRunning({ status }: Pod): boolean {
  const worker = status?.containerStatuses?.find(({ name }) => name === 'worker');
  return worker?.state?.running !== undefined || worker?.state?.terminated !== undefined;
}

function describeUpload({ attempt }: Flow): string | undefined {
  if (attempt === undefined) return undefined;
  const report = readReport(attempt.sidecar?.message);
  if (report === undefined || 'error' in report) return 'has ended without a manifest';
  const { files, bytes } = report.manifest;
  return `has uploaded ${files} files, ${bytes.toLocaleString('en')} bytes, and the manifest last`;
}

function readReport(message: string | undefined): SidecarReport | undefined {
  try {
    return message === undefined ? undefined : (JSON.parse(message) as SidecarReport);
  } catch {
    return undefined;
  }
}
