import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';
import { problemSchema } from '../../../problem.ts';
import { StartSchema } from '../jobs/job-schema.ts';

const bounds = { minItems: 1, maxItems: 100, title: 'a list of 1 to 100 jobs' };

/** For the document. */
export const BatchSchema = described('The jobs to start.', { jobs: Type.Array(StartSchema, bounds) });

/** For reading: each entry is checked by itself. */
export const BatchFrame = described('The jobs to start.', {
  jobs: Type.Array(Type.Object({}, { title: 'a map, as the body of POST /jobs' }), bounds),
});

export const BatchAnswerSchema = described('What became of each entry, in the order of the entries.', {
  items: Type.Array(
    described('As the answer to POST /jobs.', {
      status: Type.Integer({ description: '202, or that of the problem.' }),
      id: Type.Optional(Type.String({ description: 'The job that was started.' })),
      links: Type.Optional(described('Addresses of the job.', { self: Type.String() })),
      problem: Type.Optional(Type.Unsafe<object>(problemSchema)),
    }),
  ),
});

export type BatchAnswer = Static<typeof BatchAnswerSchema>;
