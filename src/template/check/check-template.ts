import type { Job } from '../../kubernetes/types.ts';
import { findJobShapeProblems } from '../job-shape.ts';
import { replacePlaceholders } from '../placeholders.ts';
import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import { checkContainers } from './check-containers.ts';
import { checkEnvironment } from './check-environment.ts';
import { checkLimits } from './check-limits.ts';
import { checkMarks } from './check-marks.ts';
import { checkMounts } from './check-mounts.ts';
import { checkParameters } from './check-parameters.ts';
import { checkPlaceholders } from './check-placeholders.ts';
import { checkResults } from './check-results.ts';
import { checkSources } from './check-sources.ts';
import { checkVolumes } from './check-volumes.ts';
import type { CheckContext } from './context.ts';
import { sampleValues } from './sample-values.ts';

/** All that can be known of a template before anybody asks for it: it is rendered with its defaults and looked at from every side. */
export function checkTemplate(context: CheckContext, problems: TemplateProblem[]): void {
  const { template, sources } = context;
  checkParameters(context, problems);
  checkSources(context, problems);
  checkLimits(context, problems);
  checkResults(context, problems);
  const placeholders = problems.length;
  checkPlaceholders(context, problems);
  // A placeholder that nothing replaces would be reported once more, as a value of the wrong type.
  if (problems.length > placeholders) return;

  const sample = replacePlaceholders(template.job, sampleValues(template)) as Job;
  const shape = findJobShapeProblems(sample);
  problems.push(...shape.map(({ path, reason }) => problemAt(sources.job, path, reason)));
  if (shape.length > 0) return;
  const rendered = { ...context, sample };
  checkMarks(rendered, problems);
  checkContainers(rendered, problems);
  checkEnvironment(rendered, problems);
  checkVolumes(rendered, problems);
  checkMounts(rendered, problems);
}
