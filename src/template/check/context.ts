import type { Job } from '../../kubernetes/types.ts';
import type { TemplateSources } from '../read/template-sources.ts';
import type { TemplateSettings } from '../template-settings.ts';
import type { Path } from '../../schemas/schema-problem.ts';
import { isFaulty, problemAt } from '../read/source.ts';
import type { Template, TemplateProblem } from '../template.ts';

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
