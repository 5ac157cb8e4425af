import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';
import { PresignedSchema } from './presigned-schema.ts';

const time = { format: 'date-time' };

export const UploadSchema = described('An input file that waits for a job.', {
  id: Type.String(),
  name: Type.String({ description: 'A file name without folders.' }),
  mediaType: Type.String(),
  size: Type.Integer({ minimum: 0, description: 'Bytes.' }),
  sha256: Type.String({ description: 'Hex.' }),
  caller: Type.String({ description: 'The name of the key that has sent it.' }),
  createdAt: Type.String(time),
  expiresAt: Type.String({ ...time, description: 'When it will be deleted.' }),
  links: described('Addresses of this upload.', { self: Type.String() }),
});

/** While its parts are being sent, it is described otherwise. */
export const AnyUploadSchema = Type.Union([UploadSchema, PresignedSchema]);

export type Upload = Static<typeof UploadSchema>;
