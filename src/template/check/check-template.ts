import type { Job } from '../../kubernetes/types.ts';
import { findJobShapeProblems, repairJob } from '../job/job-shape.ts';
import { findEmbedded, findPlaceholders, replacePlaceholders } from '../placeholders.ts';
import { reporter } from '../read/source.ts';
import { checkContainers } from './check-containers.ts';
import { checkEnvironment } from './check-environment.ts';
import { checkInputs } from './check-inputs.ts';
import { checkLimits } from './check-limits.ts';
import { checkMetadata } from './check-metadata.ts';
import { checkMounts } from './check-mounts.ts';
import { checkParameters } from './check-parameters.ts';
import { checkPlaceholders, sampleValues } from './check-placeholders.ts';
import { checkResults } from './check-results.ts';
import { checkSources } from './check-sources.ts';
import { checkVolumes } from './check-volumes.ts';
import { isUnsure, type CheckContext } from './context.ts';

/**
 * Checks all that is known of a template before a request, rendered with its defaults. A problem does not prevent the other checks; problems
 * that may only follow from it are marked.
 */
export function checkTemplate(context: CheckContext): void {
  checkParameters(context);
  checkSources(context);
  checkLimits(context);
  checkResults(context);
  checkInputs(context);
  const { sources } = context;
  // Without a job.yaml nothing can be rendered.
  if (sources.job.value === undefined) return;
  checkPlaceholders(context);
  const sample = findSample(context);
  if (sample === undefined) return;
  const rendered = { ...context, sample };
  checkMetadata(rendered);
  checkContainers(rendered);
  checkEnvironment(rendered);
  checkVolumes(rendered);
  checkMounts(rendered);
}

function findSample(context: CheckContext): Job | undefined {
  const { template, sources, problems } = context;
  const { job } = sources;
  const values = [...sampleValues(template)].filter(([name]) => !isUnsure(name, context));
  const sample = replacePlaceholders(template.job, new Map(values));
  // A placeholder without a value has been reported already; it would also be reported as a value of the wrong type.
  const faults = (job.faults ??= []);
  faults.push(...findPlaceholders(sample).map(({ path }) => path), ...findEmbedded(sample));
  const shape = findJobShapeProblems(sample);
  const report = reporter(job, problems);
  for (const { path, reason } of shape) report(path, reason);
  faults.push(...shape.map(({ path }) => path));
  return shape.length === 0 ? (sample as Job) : repairJob(sample);
}
