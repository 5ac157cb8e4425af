import type { Job } from '../../kubernetes/types.ts';
import { type TemplateSources, isFaulty, problemAt } from '../read/source.ts';
import type { TemplateSettings, Template, TemplateProblem } from '../template.ts';
import type { Path } from '../../schemas/schema-problem.ts';

/** What every check is given. Problems are pushed; the order is settled at the end. */
export interface CheckContext {
  template: Template;
  sources: TemplateSources;
  settings: TemplateSettings;
}

/** With the Job as its defaults render it; its shape is known to be right. */
export interface JobContext extends CheckContext {
  sample: Job;
}

/** Whether the parameter's own schema is wrong: what else would be said of it may follow from that. */
export function isUnsure(name: string, { sources }: Pick<CheckContext, 'sources'>): boolean {
  return isFaulty(sources.document, ['parameters', 'properties', name]);
}

/** Says what is wrong with a member below some place. */
export type Report = (below: Path, reason: string) => void;

/** Of a place in `job.yaml`: the problem names the whole path, and the line of the innermost member. */
export function reportBelow(path: Path, { sources }: CheckContext, problems: TemplateProblem[]): Report {
  return (below, reason) => {
    const at = [...path, ...below];
    problems.push(problemAt(sources.job, at, `${at.join('.')}: ${reason}`));
  };
}

/** Objects of the Jobs' namespace that a template refers to by name. */
export function refuseSecret(name: string | undefined): string {
  return `the Secret "${name ?? ''}" is not among pods.allowedSecrets of the configuration`;
}

/** Names that the service gives: another flow's environment is not for reading. */
export function isOurs(name: string | undefined): boolean {
  return name !== undefined && /^(flow|files)-/.test(name);
}

export function refuseOurs(name: string | undefined): string {
  return `"${name ?? ''}" looks like an object of the service's own (flow-…, files-…)`;
}
