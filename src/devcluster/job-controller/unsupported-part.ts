import type { Job } from './job.ts';

/** A sentence about what this controller cannot do for the Job; such a Job is left alone, visibly. */
export function unsupportedPart({ spec }: Job): string | undefined {
  if (spec.completionMode === 'Indexed') return sentence('spec.completionMode: Indexed');
  if (spec.backoffLimitPerIndex !== undefined) return sentence('spec.backoffLimitPerIndex');
  if (spec['successPolicy'] !== undefined) return sentence('spec.successPolicy');
  const index = spec.podFailurePolicy?.rules?.findIndex((rule) => rule.action === 'FailIndex') ?? -1;
  if (index >= 0) return sentence(`spec.podFailurePolicy.rules[${index}].action: FailIndex`);
  const manager = spec['managedBy'];
  if (manager !== undefined && manager !== 'kubernetes.io/job-controller') return sentence('spec.managedBy');
  return undefined;
}

function sentence(part: string): string {
  return `The embedded cluster does not support ${part}: no pod is created for this Job`;
}
