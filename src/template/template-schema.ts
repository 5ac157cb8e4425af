import { Type, type Static } from 'typebox';
import { mostInputs } from '../flow/flow-input.ts';
import { dataAddressKinds } from '../flow/flow-plan.ts';
import { anyName, closed } from '../schemas/kinds.ts';
import { absolutePath, list, quantityPattern, text } from './job/schema-kinds.ts';

const duration = Type.Unsafe<string | number>({
  title: 'a duration such as 90s, 30m, 2h, 7d or 1h30m, or a number of seconds',
  type: ['string', 'number'],
  pattern: '^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$',
  minLength: 1,
  minimum: 0,
});

const scalar = Type.Unsafe<string | number | boolean>({
  title: 'text, a number or a boolean',
  type: ['string', 'number', 'boolean'],
});
const bound = Type.Optional(Type.Number());
const length = Type.Optional(Type.Integer({ title: 'a whole number', minimum: 0 }));

const contractMember = Type.Unsafe<string | string[]>({
  title: 'metadata or claims and the names below it, as in metadata.year or [metadata, "a.name"]',
  type: ['string', 'array'],
  pattern: '^(metadata|claims)(\\.[A-Za-z0-9_-]+)+$',
  items: { type: 'string', title: 'a name that is not empty', minLength: 1 },
  minItems: 2,
});

/** The part of JSON Schema 2020-12 that applies to environment variables, and `from`. */
const parameter = closed({
  type: Type.Enum(['string', 'number', 'integer', 'boolean'], {
    title: 'one of string, number, integer, boolean',
  }),
  title: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  default: Type.Optional(scalar),
  examples: list(scalar),
  enum: Type.Optional(Type.Array(scalar, { title: 'a list of values', minItems: 1, uniqueItems: true })),
  writeOnly: Type.Optional(Type.Boolean()),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: bound,
  minLength: length,
  maxLength: length,
  pattern: Type.Optional(Type.String()),
  format: Type.Optional(Type.String()),
  from: Type.Optional(contractMember),
});

const archive = Type.Optional(Type.Enum(['zip', 'tar'], { title: 'zip or tar' }));
const resultPath = Type.String({
  title: 'a path below the result directory, without . and ..',
  pattern: '^(?!/)(?!(.*/)?\\.{1,2}(/|$))(?!.*//).*[^/]$',
});

const results = closed({
  directory: Type.Optional(absolutePath),
  file: Type.Optional(resultPath),
  archive,
  auto: archive,
  required: list(resultPath),
  contentType: Type.Optional(
    Type.String({ title: 'a media type such as image/svg+xml', pattern: '^[\\w.+-]+/[\\w.+-]+(;.*)?$' }),
  ),
  storage: Type.Optional(
    closed({
      size: Type.Optional(
        Type.String({ title: 'a quantity such as 500Mi or 10Gi', pattern: quantityPattern }),
      ),
      storageClass: Type.Optional(text),
    }),
  ),
  releaseAfterUpload: Type.Optional(Type.Boolean()),
  allowEmpty: Type.Optional(Type.Boolean()),
});

const input = closed({
  description: text,
  required: Type.Optional(Type.Boolean()),
  mediaTypes: list(
    Type.String({
      title: 'a media type such as video/mp4 or video/*',
      pattern: '^[\\w.+-]+/([\\w.+-]+|\\*)$',
    }),
  ),
  maxSize: Type.Optional(
    Type.String({ title: 'a quantity such as 500Mi or 10Gi', pattern: quantityPattern }),
  ),
  file: Type.Optional(
    Type.String({
      title: 'the name of a file (letters, digits, . _ -, at most 128)',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$',
    }),
  ),
});

const properties = Type.Record(anyName, parameter, { title: 'a map of names to schemas' });

/** GPUs of one pod. */
export const gpus = { maximum: 64, title: 'true, false or a number of GPUs from 0 to 64' };

/** The schema of `template.yaml`. */
export const TemplateSchema = closed({
  description: text,
  assets: list(
    closed({ id: text, parameters: Type.Optional(Type.Record(anyName, scalar, { title: 'a map' })) }),
  ),
  parameters: Type.Optional(
    closed({
      type: Type.Optional(Type.Literal('object', { title: 'object' })),
      properties,
      required: Type.Optional(Type.Array(Type.String(), { title: 'a list of names' })),
    }),
  ),
  envFiles: Type.Optional(
    Type.Array(Type.String(), { title: 'a list of parameters and variables of job.env, or ["*"]' }),
  ),
  inputs: Type.Optional(
    Type.Record(anyName, input, { title: 'a map of names to inputs, at most 8', maxProperties: mostInputs }),
  ),
  results: Type.Optional(results),
  dataAddress: Type.Optional(
    Type.Enum([...dataAddressKinds], { title: `one of ${dataAddressKinds.join(', ')}` }),
  ),
  start: Type.Optional(Type.Enum(['when-ready', 'at-once'], { title: 'when-ready or at-once' })),
  limits: Type.Optional(
    closed({
      pending: Type.Optional(duration),
      run: Type.Optional(duration),
      upload: Type.Optional(duration),
      stopGrace: Type.Optional(duration),
    }),
  ),
  retention: Type.Optional(duration),
  files: Type.Optional(closed({ mountPath: absolutePath })),
  security: Type.Optional(
    closed({
      runAsUser: Type.Optional(
        Type.Integer({ title: 'a UID from 1 to 2147483647', minimum: 1, maximum: 2_147_483_647 }),
      ),
    }),
  ),
  egress: Type.Optional(text),
  gpu: Type.Optional(
    Type.Unsafe<boolean | number>({
      title: gpus.title,
      anyOf: [{ type: 'boolean' }, { type: 'integer', minimum: 0, maximum: gpus.maximum }],
    }),
  ),
  pullSecrets: Type.Optional(Type.Array(Type.String(), { title: 'a list of names' })),
});

export type TemplateDocument = Static<typeof TemplateSchema>;
