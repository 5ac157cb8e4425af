import type { Job } from '../../kubernetes/types.ts';
import { type TemplateSources, isFaulty, problemAt } from '../read/source.ts';
import type { TemplateSettings, Template, TemplateProblem } from '../template.ts';
import type { Path } from '../../schemas/schema-problem.ts';

/** Parameters of every check. Checks push problems, which are sorted at the end. */
export interface CheckContext {
  template: Template;
  sources: TemplateSources;
  settings: TemplateSettings;
}

/** With the Job rendered from defaults, whose shape is right. */
export interface JobContext extends CheckContext {
  sample: Job;
}

/** Whether the parameter's own schema is wrong, so that other problems of it may only follow from that. */
export function isUnsure(name: string, { sources }: Pick<CheckContext, 'sources'>): boolean {
  return isFaulty(sources.document, ['parameters', 'properties', name]);
}

/** Reports a problem of a member below a path. */
export type Report = (below: Path, reason: string) => void;

/** For a path in `job.yaml`: the problem names the whole path, and the line of the innermost member. */
export function reportBelow(path: Path, { sources }: CheckContext, problems: TemplateProblem[]): Report {
  return (below, reason) => {
    const at = [...path, ...below];
    problems.push(problemAt(sources.job, at, `${at.join('.')}: ${reason}`));
  };
}

export function refuseSecret(name: string | undefined): string {
  return `the Secret "${name ?? ''}" is not among pods.allowedSecrets of the configuration`;
}

/** Names of the service's objects: a template must not read another flow's environment. */
export function isOurs(name: string | undefined): boolean {
  return name !== undefined && /^(flow|files)-/.test(name);
}

export function refuseOurs(name: string | undefined): string {
  return `"${name ?? ''}" looks like an object of the service (flow-…, files-…)`;
}
