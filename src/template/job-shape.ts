import type { ErrorObject } from 'ajv';
import { ajv } from '../schemas/ajv.ts';
import { JobSchema } from './job/job-schema.ts';
import { refusalOf } from './job/refusals.ts';
import type { Job } from '../kubernetes/types.ts';
import type { Path } from './placeholders.ts';
import { repair } from './repair.ts';
import { describeSchemaError, pathOfError } from './schema-problem.ts';

export interface DocumentProblem {
  path: Path;
  reason: string;
}

const validate = ajv.compile<Job>(JobSchema);

/** What is not of a Job's types, or is not for a template to write; each with its place. */
export function findJobShapeProblems(job: unknown): DocumentProblem[] {
  if (validate(job)) return [];
  return (validate.errors ?? []).map((error) => describe(error, job));
}

/** With what is wrong left out, for checks of the rest. */
export function repairJob(job: unknown): Job | undefined {
  return repair(JobSchema, validate, job);
}

function describe(error: ErrorObject, job: unknown): DocumentProblem {
  const path = pathOfError(error);
  const member = path.at(-1);
  const refusal = typeof member === 'string' ? refusalOf(member) : undefined;
  // Members with a reason of their own are refused for it, whatever the schema calls it.
  const reason =
    refusal !== undefined && error.keyword !== 'required'
      ? `${path.join('.')}: ${refusal}`
      : describeSchemaError(error, { schema: JobSchema, value: job });
  return { path, reason };
}
