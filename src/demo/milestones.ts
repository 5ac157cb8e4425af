import { isFinal } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import { recordKey } from '../flow/keys.ts';
import { retentionEnd } from '../flow/record.ts';
import type { SidecarReport } from '../flow/sidecar-report.ts';
import type { Pod } from '../kubernetes/types.ts';
import type { Actor } from './step-printer.ts';

/** A flow as its Job and pods show it. */
export interface FlowView {
  flow: Flow;
  pods: Pod[];
}

export interface Milestone {
  /** Called at a milestone at which the demo acts. */
  name?: 'worked' | 'verified' | 'calling';
  actor: Actor;
  /** The text to print once the milestone is reached; undefined before. */
  describe: (observed: FlowView) => string | undefined;
}

const untilVerified: readonly Milestone[] = [
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
    name: 'verified',
    actor: 'service',
    describe: ({ flow: { outcome } }) =>
      outcome?.phase === 'succeeded'
        ? `has verified manifest ${outcome.results.manifestSha256.slice(0, 12)}… against what the store lists`
        : undefined,
  },
];

/** From the request to the callback; `what` is what the callback delivers. */
export function untilDelivered(what: string): readonly Milestone[] {
  return [
    ...untilVerified,
    {
      name: 'calling',
      actor: 'service',
      describe: ({ flow: { delivery } }) => delivery && 'calls the connector back',
    },
    {
      actor: 'service',
      describe: ({ flow: { delivery } }) =>
        isFinal(delivery) ? `has delivered ${what} to the connector` : undefined,
    },
  ];
}

export const whenPushed: Milestone = {
  actor: 'service',
  describe: ({ flow: { push } }) =>
    push?.end?.result === 'sent'
      ? `has sent ${push.end.bytes.toLocaleString('en')} bytes to the sink`
      : undefined,
};

export const untilDeleted: readonly Milestone[] = [
  {
    actor: 'store',
    describe: ({ flow: { name, recordedAt, resultsDeletedAt } }) =>
      recordedAt && resultsDeletedAt && `the results are gone; ${recordKey(name)} remains`,
  },
];

/** The results stay for the retention of their template. */
export const untilRecorded: readonly Milestone[] = [
  {
    actor: 'store',
    describe: ({ flow }) =>
      flow.recordedAt &&
      `has ${recordKey(flow.name)}, and keeps the results until ${new Date(retentionEnd(flow)).toISOString().slice(0, 10)}`,
  },
];

function describeRunning({ flow, pods }: FlowView): string | undefined {
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
