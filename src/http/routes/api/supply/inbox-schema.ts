import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';
import { consumerKind } from './env-file-schema.ts';

const day = 86_400;

export const inboxDays = { default: 7 * day, max: 30 * day };

/** The body of `POST …/inboxes`. */
export const NewInboxSchema = described('The inbox to make.', {
  kind: Type.Enum(['env', 'input'], {
    title: 'env or input',
    description: 'What it takes: an env file, or an input file.',
  }),
  consumer: Type.Optional(
    Type.String({
      ...consumerKind,
      description: 'Whose jobs get the env file. Default: those of all consumers.',
    }),
  ),
  name: Type.Optional(
    Type.String({
      title: 'a file name of 1 to 120 characters without /',
      pattern: '^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f-\\u009f/\\\\]{1,120}$',
      description: 'The name of the file.',
    }),
  ),
  secret: Type.Optional(Type.Boolean({ title: 'true or false', description: 'Of an env file.' })),
  template: Type.Optional(
    Type.String({
      title: 'the name of a template',
      minLength: 1,
      maxLength: 63,
      description: 'Default: the one that serves the asset.',
    }),
  ),
  expiresInSeconds: Type.Optional(
    Type.Integer({
      title: `an integer from 60 to ${inboxDays.max}`,
      minimum: 60,
      maximum: inboxDays.max,
      description: `Default: ${inboxDays.default}.`,
    }),
  ),
  maxBytes: Type.Optional(
    Type.Integer({
      title: 'an integer from 1',
      minimum: 1,
      description: 'Default, and most: `envFiles.maxBytes` or `uploads.maxBytes`.',
    }),
  ),
});

export type NewInbox = Static<typeof NewInboxSchema>;

export const InboxSchema = described('An inbox that takes one body.', {
  id: Type.String(),
  url: Type.String({ description: 'Who has it can deliver: POST or PUT.' }),
  kind: Type.Enum(['env', 'input']),
  connector: Type.String(),
  assetId: Type.String(),
  consumer: Type.Optional(Type.String()),
  name: Type.String(),
  secret: Type.Boolean(),
  template: Type.String(),
  maxBytes: Type.Integer(),
  expiresAt: Type.String({ format: 'date-time' }),
});

export type Inbox = Static<typeof InboxSchema>;

export const DeliveredSchema = described('What became of the body of an inbox.', {
  id: Type.String(),
  kind: Type.Enum(['env', 'input']),
  name: Type.String(),
  upload: Type.Optional(Type.String({ description: 'The id of the input file.' })),
  envFile: Type.Optional(
    described('The version of the env file.', {
      version: Type.Integer({ minimum: 1 }),
      digest: Type.String(),
    }),
  ),
});

export type Delivered = Static<typeof DeliveredSchema>;
