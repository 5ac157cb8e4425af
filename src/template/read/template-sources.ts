import type { TemplateDocument } from '../template-schema.ts';
import type { Source } from './source.ts';

/** The files of one template, parsed; what refers to a line of them goes through here. */
export interface TemplateSources {
  document: Source<TemplateDocument>;
  job: Source<unknown>;
  environment: Source<Record<string, string>>;
}
