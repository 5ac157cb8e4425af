import { Type, type Static } from 'typebox';
import { described, plainText } from '../../../../schemas/kinds.ts';

const time = { format: 'date-time' };
const sha256 = { title: '64 lower-case hexadecimal digits', pattern: '^[0-9a-f]{64}$' };

export const NewPresignedSchema = described('A file whose parts will be sent to the store.', {
  name: Type.String({ ...plainText(255), description: 'Folders before it are dropped.' }),
  mediaType: Type.Optional(
    Type.String({
      title: 'a media type of at most 255 characters',
      maxLength: 255,
      pattern: '^[A-Za-z0-9_!#$&^.+-]+/[A-Za-z0-9_!#$&^.+-]+( *;[ -~]*)?$',
      default: 'application/octet-stream',
    }),
  ),
  size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes.' }),
  sha256: Type.Optional(Type.String({ ...sha256, description: 'Hex. Other bytes are deleted.' })),
});

export const PresignedSchema = described('An upload whose parts its client sends to the store.', {
  id: Type.String(),
  name: Type.String({ description: 'A file name without folders.' }),
  mediaType: Type.String(),
  size: Type.Integer({ minimum: 1, description: 'Bytes.' }),
  sha256: Type.Optional(Type.String({ description: 'Hex; as the client has said.' })),
  caller: Type.String({ description: 'The name of the key that has started it.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String({ ...time, description: 'When it will be deleted.' }),
  partSize: Type.Integer({ minimum: 1, description: 'Bytes of each part but the last.' }),
  partCount: Type.Integer({ minimum: 1, maximum: 10_000 }),
  links: described('Addresses of this upload.', {
    self: Type.String(),
    parts: Type.String(),
    complete: Type.String(),
  }),
});

export type PresignedDescription = Static<typeof PresignedSchema>;

export const PartsSchema = described('A page of addresses.', {
  items: Type.Array(
    described('Where one part goes.', {
      number: Type.Integer({ minimum: 1 }),
      size: Type.Integer({ minimum: 1, description: 'Bytes that the part must have.' }),
      url: Type.String({ description: 'PUT the bytes there, without a key of this service.' }),
    }),
  ),
  expiresAt: Type.String({ ...time, description: 'When the addresses stop working.' }),
  next: Type.Optional(Type.String({ description: 'The cursor of the next page.' })),
});

export type Parts = Static<typeof PartsSchema>;
