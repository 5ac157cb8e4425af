import { ajv } from '../schemas/ajv.ts';
import { JobSchema } from './job/job-schema.ts';
import { refusalOf } from './job/refusals.ts';
import type { Job } from '../kubernetes/types.ts';
import { describeSchemaErrors, type Path } from '../schemas/schema-problem.ts';
import { placeName, templateMember } from './read/source.ts';
import { repair } from './repair.ts';

export interface DocumentProblem {
  path: Path;
  reason: string;
}

const validate = ajv.compile<Job>(JobSchema);

/** What is not of a Job's types, or is not for a template to write; each with its place. */
export function findJobShapeProblems(job: unknown): DocumentProblem[] {
  if (validate(job)) return [];
  const checked = { schema: JobSchema, value: job, noun: templateMember };
  return describeSchemaErrors(validate.errors, checked).map(({ path, keyword, reason }) => {
    const member = path.at(-1);
    // Members with a reason of their own are refused for it, whatever the schema calls it.
    const refusal = typeof member === 'string' && keyword !== 'required' ? refusalOf(member) : undefined;
    return { path, reason: `${placeName(path)}: ${refusal ?? reason}` };
  });
}

/** With what is wrong left out, for checks of the rest. */
export function repairJob(job: unknown): Job | undefined {
  return repair(JobSchema, validate, job);
}
