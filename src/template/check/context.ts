import type { Job } from '../../kubernetes/types.ts';
import { type Report, type TemplateSources, isFaulty, reporter } from '../read/source.ts';
import type { TemplateSettings, Template, TemplateProblem } from '../template.ts';
import type { Path } from '../../schemas/schema-problem.ts';

/** Parameters of every check. */
export interface CheckContext {
  template: Template;
  sources: TemplateSources;
  settings: TemplateSettings;
  /** Checks add to them; they are sorted at the end. */
  problems: TemplateProblem[];
}

/** With the Job rendered from defaults, whose shape is right. */
export interface JobContext extends CheckContext {
  sample: Job;
}

/** Whether the parameter's own schema is wrong, so that other problems of it may only follow from that. */
export function isUnsure(name: string, { sources }: Pick<CheckContext, 'sources'>): boolean {
  return isFaulty(sources.document, ['parameters', 'properties', name]);
}

/** For members of `job.yaml` below this path. */
export function reportBelow(path: Path, { sources, problems }: CheckContext): Report {
  return reporter(sources.job, problems, path);
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
