import { Type, type Static } from 'typebox';
import { mostInputs } from '../../../../flow/flow-input.ts';
import { anyName, described, labelValue, qualifiedName } from '../../../../schemas/kinds.ts';

const time = { format: 'date-time' };

/** How far a job is; the last three are its end. */
export const jobStates = [
  'accepted',
  'pending',
  'running',
  'uploading',
  'judging',
  'receiving',
  'succeeded',
  'failed',
  'cancelled',
] as const;

export type JobState = (typeof jobStates)[number];

const envFile = described('A version of an env file.', { version: Type.Integer(), digest: Type.String() });

export const JobSchema = described(
  'One accepted request and everything that follows from it: one Kubernetes Job.',
  {
    id: Type.String({ description: 'The name of the Kubernetes Job.' }),
    state: Type.Enum([...jobStates], { description: 'The last three are final.' }),
    detail: Type.Optional(Type.String({ description: 'Why it waits.' })),
    template: Type.String(),
    assetId: Type.String(),
    dialect: Type.String({ description: 'The wire format of its request; `rest` for this API.' }),
    connector: Type.String({ description: 'Who has sent its request; `rest` for this API.' }),
    caller: Type.Optional(Type.String({ description: 'The name of the key that has started it.' })),
    consumer: Type.Optional(Type.String({ description: 'Who gets the data, if the connector has said so.' })),
    labels: Type.Optional(Type.Record(anyName, Type.String())),
    envFiles: Type.Optional(
      described('The env files with which it was accepted.', {
        asset: Type.Optional(envFile),
        consumer: Type.Optional(envFile),
      }),
    ),
    priority: Type.Optional(Type.Integer({ description: 'Higher ones start first. Absent: 0.' })),
    retryOf: Type.Optional(Type.String({ description: 'The id of the job that it repeats.' })),
    progress: Type.Optional(
      described('How far it is while it runs; in the answer to `GET /jobs/{id}` only.', {
        files: Type.Integer({ minimum: 0, description: 'Files that are stored.' }),
        bytes: Type.Integer({ minimum: 0, description: 'Their bytes.' }),
        worker: Type.Optional(
          described('What the worker says of itself.', {
            percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
            message: Type.Optional(Type.String()),
          }),
        ),
        at: Type.String(time),
      }),
    ),
    acceptedAt: Type.String(time),
    startedAt: Type.Optional(Type.String(time)),
    endedAt: Type.Optional(Type.String(time)),
    outcome: Type.Optional(
      described('How it ended, if not well.', {
        reason: Type.String(),
        message: Type.String(),
        log: Type.Optional(Type.String({ description: 'The last lines of the worker’s log.' })),
      }),
    ),
    results: Type.Optional(
      described('What the worker wrote.', {
        files: Type.Integer({ minimum: 0 }),
        bytes: Type.Integer({ minimum: 0 }),
        deleted: Type.Boolean({ description: 'They are deleted, or will be at once.' }),
      }),
    ),
    links: described('Addresses of this job.', {
      self: Type.String(),
      cancel: Type.Optional(Type.String()),
      results: Type.Optional(Type.String()),
      retry: Type.Optional(Type.String()),
      retries: Type.Optional(Type.String({ description: 'The jobs that repeat it.' })),
      deletion: Type.Optional(Type.String({ description: 'How far the requested deletion is.' })),
    }),
  },
);

export type Job = Static<typeof JobSchema>;

export const JobListSchema = described('One page of jobs, the latest first.', {
  items: Type.Array(JobSchema),
  next: Type.Optional(
    Type.String({ description: 'Value of `cursor` for the next page; absent on the last one.' }),
  ),
});

const reference = described('A file: an upload, or a URL.', {
  upload: Type.Optional(Type.String({ title: 'the id of an upload', minLength: 1, maxLength: 64 })),
  url: Type.Optional(
    Type.String({
      title: 'https://… or s3://<bucket>/<key>',
      minLength: 1,
      maxLength: 4096,
      description: 'Fetched when the job starts. It must start with one of the service’s `inputs.allow`.',
    }),
  ),
  sha256: Type.Optional(
    Type.String({
      title: 'a SHA-256 in hex',
      pattern: '^[0-9a-f]{64}$',
      description: 'The job fails if the file has another one.',
    }),
  ),
});

/** The body of `POST /jobs`. */
export const StartSchema = described('The job to start.', {
  template: Type.String({ title: 'the name of a template', minLength: 1, maxLength: 63 }),
  assetId: Type.Optional(
    Type.String({
      title: 'an asset of the template',
      minLength: 1,
      maxLength: 1024,
      description: 'Whose parameters to use. Default: the template’s first asset.',
    }),
  ),
  parameters: Type.Optional(
    Type.Record(anyName, Type.Unknown(), { title: 'a map of parameters of the template' }),
  ),
  environment: Type.Optional(
    Type.Record(anyName, Type.String({ title: 'a text' }), {
      title: 'a map of variables of the template',
      description:
        'Takes the place of variables in `job.env`, and of parameters by their name. `parameters` win over it.',
    }),
  ),
  inputs: Type.Optional(
    Type.Record(anyName, reference, {
      title: 'a map of inputs of the template',
      maxProperties: mostInputs,
      description: 'By name: the files that the worker finds in `/inputs`.',
    }),
  ),
  labels: Type.Optional(
    Type.Record(anyName, Type.String(labelValue), {
      title: 'a map of at most 16 labels',
      maxProperties: 16,
      propertyNames: qualifiedName,
      description:
        'Labels of the Kubernetes Job as well; names below kubernetes.io, k8s.io and edc-job-provisioner are not for people.',
    }),
  ),
  priority: Type.Optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: -1000,
      maximum: 1000,
      maxLength: 63,
      title: 'an integer from -1000 to 1000, or the name of a configured priority',
      description: 'Of jobs that wait for their turn, those of higher priority start first. Default: 0.',
    }),
  ),
});

export type StartBody = Static<typeof StartSchema>;

/** The same as a form. */
export const startFormSchema = {
  type: 'object',
  anyOf: [{ required: ['job'] }, { required: ['jobConf'] }],
  properties: {
    job: { type: 'string', description: 'The JSON of the job.' },
    jobConf: {
      type: 'string',
      description: 'The same members as a file of YAML or JSON; those of `job` win over them.',
    },
    env: { type: 'string', description: 'A dotenv file: `environment` of the job.' },
  },
  additionalProperties: {
    type: 'string',
    contentMediaType: 'application/octet-stream',
    description:
      'The file of the input of this name: it is stored as an upload, and deleted if the start is refused.',
  },
};
