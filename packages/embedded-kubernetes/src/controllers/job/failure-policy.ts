import type { Job, PodFailureRule } from '../../objects/job.ts';
import { containerStatusesOf, type Pod } from '../../objects/pod.ts';

export type FailureVerdict =
  { action: 'count' } | { action: 'ignore' } | { action: 'fail-job'; message: string };

type ExitCodes = NonNullable<PodFailureRule['onExitCodes']>;

/** What the Job's `podFailurePolicy` makes of a failed pod: the first rule that matches decides; none means count. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchOf(rule, pod);
    if (match === undefined) continue;
    if (rule.action === 'Ignore') return { action: 'ignore' };
    if (rule.action !== 'FailJob') return { action: 'count' };
    return { action: 'fail-job', message: `${match} matching FailJob rule at index ${index}` };
  }
  return { action: 'count' };
}

function matchOf(rule: PodFailureRule, pod: Pod): string | undefined {
  const who = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  if (rule.onExitCodes) return exitCodeMatch(rule.onExitCodes, pod, who);
  const condition = rule.onPodConditions?.find((wanted) =>
    pod.status.conditions?.some((each) => each.type === wanted.type && each.status === wanted.status),
  );
  return condition && `Pod ${who} has condition ${condition.type ?? ''}`;
}

function exitCodeMatch(rule: ExitCodes, pod: Pod, who: string): string | undefined {
  const failed = failedContainers(pod).find(
    ({ name, exitCode }) =>
      (rule.containerName ?? name) === name && rule.values?.includes(exitCode) === (rule.operator === 'In'),
  );
  return failed && `Container ${failed.name} for pod ${who} failed with exit code ${failed.exitCode}`;
}

// App and init containers alike, and never an exit code of 0.
function failedContainers(pod: Pod): { name: string; exitCode: number }[] {
  return containerStatusesOf(pod).flatMap(({ name = '', state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    return exitCode === 0 ? [] : [{ name, exitCode }];
  });
}
