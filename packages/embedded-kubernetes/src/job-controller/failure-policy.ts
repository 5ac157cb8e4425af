import type { PodFailureRuleShape } from '../registry/kinds/shapes.ts';
import type { Job, JobPod } from './job.ts';

export type FailureVerdict =
  { action: 'count' } | { action: 'ignore' } | { action: 'fail-job'; message: string };

type ExitCodes = NonNullable<PodFailureRuleShape['onExitCodes']>;

/** What the Job's `podFailurePolicy` makes of a failed pod: the first rule that matches decides; none means count. */
export function judgeFailure(job: Job, pod: JobPod): FailureVerdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchOf(rule, pod);
    if (match === undefined) continue;
    if (rule.action === 'Ignore') return { action: 'ignore' };
    if (rule.action !== 'FailJob') return { action: 'count' };
    return { action: 'fail-job', message: `${match} matching FailJob rule at index ${index}` };
  }
  return { action: 'count' };
}

function matchOf(rule: PodFailureRuleShape, pod: JobPod): string | undefined {
  const who = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  if (rule.onExitCodes) return exitCodeMatch(rule.onExitCodes, pod, who);
  const condition = rule.onPodConditions?.find((wanted) =>
    pod.status.conditions?.some((each) => each.type === wanted.type && each.status === wanted.status),
  );
  return condition && `Pod ${who} has condition ${condition.type ?? ''}`;
}

function exitCodeMatch(rule: ExitCodes, pod: JobPod, who: string): string | undefined {
  const failed = failedContainers(pod).find(
    ({ name, exitCode }) =>
      (rule.containerName ?? name) === name && rule.values?.includes(exitCode) === (rule.operator === 'In'),
  );
  return failed && `Container ${failed.name} for pod ${who} failed with exit code ${failed.exitCode}`;
}

// App and init containers alike, and never an exit code of 0.
function failedContainers({ status }: JobPod): { name: string; exitCode: number }[] {
  return [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].flatMap(
    ({ name, state }) => {
      const exitCode = state?.terminated?.exitCode ?? 0;
      return exitCode === 0 ? [] : [{ name, exitCode }];
    },
  );
}
