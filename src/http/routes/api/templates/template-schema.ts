import { Type, type Static } from 'typebox';
import { anyName, described } from '../../../../schemas/kinds.ts';

const seconds = { minimum: 0, description: 'Seconds.' };

export const TemplateSchema = described('What can be asked for.', {
  name: Type.String(),
  description: Type.String(),
  digest: Type.String({ description: 'Changes with whatever decides what runs.' }),
  parameters: Type.Object(
    {},
    { additionalProperties: true, description: 'A JSON Schema (2020-12) of the parameters.' },
  ),
  assets: Type.Array(
    described('An asset that the template serves.', {
      id: Type.String({ description: 'A pattern if it ends in `*`.' }),
      parameters: Type.Record(anyName, Type.Unknown()),
    }),
  ),
  inputs: Type.Array(
    described('A file that a request may hand in.', {
      name: Type.String(),
      description: Type.String(),
      required: Type.Boolean(),
      mediaTypes: Type.Array(Type.String(), { description: 'Of uploads; empty: any.' }),
      maxBytes: Type.Integer({ minimum: 1 }),
      variable: Type.String({ description: 'In the worker’s environment: the path of the file.' }),
      path: Type.String({ description: 'The file in the worker.' }),
    }),
  ),
  results: described('What a job leaves.', {
    choice: Type.Enum(['file', 'auto', 'archive'], {
      description: 'What a data address points at; `auto`: the only file, else the archive.',
    }),
    path: Type.Optional(Type.String({ description: 'The file.' })),
    contentType: Type.Optional(Type.String()),
    required: Type.Array(Type.String(), { description: 'Files without which a job fails.' }),
    retention: Type.Number(seconds),
  }),
  limits: described('Longest times.', {
    pending: Type.Number(seconds),
    run: Type.Number(seconds),
    upload: Type.Number(seconds),
  }),
  gpu: Type.Integer({ minimum: 0 }),
  envFiles: Type.Array(Type.String(), {
    description: 'Variables that an env file of an asset may set.',
  }),
  example: described('A request that works.', {
    method: Type.Literal('POST'),
    href: Type.String(),
    body: Type.Object({}, { additionalProperties: true }),
    curl: Type.String({ description: 'The same as a command; `$KEY` stands for the caller’s key.' }),
  }),
  stored: Type.Optional(
    described('How it was stored; absent: it comes from the folder of templates.', {
      createdAt: Type.String({ format: 'date-time' }),
      createdBy: Type.String({ description: 'The name of a key.' }),
    }),
  ),
  warnings: Type.Optional(
    Type.Array(Type.String(), { description: 'In the answer to PUT: what its author may not expect.' }),
  ),
  links: described('Addresses of this template.', { self: Type.String(), jobs: Type.String() }),
});

export type TemplateDescription = Static<typeof TemplateSchema>;

export const TemplateListSchema = described('All templates, by name.', { items: Type.Array(TemplateSchema) });

export const NewTemplateSchema = described('The files of a template’s folder.', {
  files: Type.Record(
    anyName,
    Type.Union([
      Type.String(),
      described('A file that is no text.', {
        base64: Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', title: 'bytes in base64' }),
      }),
    ]),
    {
      // Not the pattern of the map's members: others would be accepted with any value.
      propertyNames: { title: 'names of 1 to 300 characters', pattern: '^[\\s\\S]{1,300}$' },
      minProperties: 1,
      maxProperties: 1000,
      title: 'a map with 1 to 1000 files',
      description: '`template.yaml`, `job.yaml`, `job.env`, `job-conf.env` and `files/NAME`.',
    },
  ),
});

export type NewTemplate = Static<typeof NewTemplateSchema>;
