import type { Job } from '../../kubernetes/types.ts';
import type { TemplateSources } from '../load-template.ts';
import type { TemplateSettings } from '../template-settings.ts';
import type { Template } from '../template.ts';

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
