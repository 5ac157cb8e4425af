import { outcomeFinalizer, stateLabel } from '../../flow/labels.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';
import type { Job } from '../../kubernetes/types.ts';
import type { RenderedTemplate, Template } from '../../template/template.ts';
import type { PodSettings } from '../provisioner.ts';
import { buildJobLabels } from './labels.ts';
import { buildPodTemplate } from './pod-template.ts';
import { workerContainer } from '../../flow/attempt.ts';

export interface JobInput {
  flow: string;
  request: FlowRequest;
  rendered: RenderedTemplate;
  settings: PodSettings;
}

/** Scheduling, image pulls and late statuses: the reconciler's own deadlines come first. */
const backstopSlackSeconds = 600;

/** The flow's Job, suspended: what its pod mounts is made before it is resumed. Its annotations are the caller's. */
export function buildJob(input: JobInput): Job {
  const { flow, request, rendered } = input;
  const own = rendered.job.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow,
      labels: { ...own?.labels, ...buildJobLabels(flow, request), [stateLabel]: 'open' },
      ...(own?.annotations === undefined ? {} : { annotations: own.annotations }),
      finalizers: [outcomeFinalizer],
    },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      // A replacement is made for a disruption alone, which does not count.
      backoffLimit: 0,
      // Without a policy a lost node gives two writers at once.
      podFailurePolicy: buildFailurePolicy(),
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: backstop(rendered.template),
      template: buildPodTemplate(input),
    },
  };
}

type FailurePolicy = NonNullable<NonNullable<Job['spec']>['podFailurePolicy']>;

function buildFailurePolicy(): FailurePolicy {
  return {
    rules: [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      // By name: the sidecar's exit code must not decide.
      { action: 'FailJob', onExitCodes: { containerName: workerContainer, operator: 'NotIn', values: [0] } },
    ],
  };
}

/** For the day on which no reconciler runs. Counted from the first start, and a replacement has the time anew: hence twice. */
function backstop({ limits: { pending, run, upload } }: Template): number {
  return 2 * (pending + run) + upload + backstopSlackSeconds;
}
