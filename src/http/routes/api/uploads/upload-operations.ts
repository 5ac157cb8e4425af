import type { RequestBody } from '../../../route.ts';
import type { ApiOperation } from '../api-route.ts';
import { UploadSchema } from './upload-schema.ts';

const tag = 'uploads';

export const uploadBody: RequestBody = { kind: 'bytes' };

export const uploadOperations = {
  create: {
    operationId: 'createUpload',
    tag,
    summary: 'Hand in an input file',
    description:
      'The body is the file as it is. `Repr-Digest` or `Content-Digest` with sha-256 is verified. A body that breaks off leaves nothing.',
    query: { name: 'The name of the file. Default: that of Content-Disposition, else `data`.' },
    responses: {
      '201': { description: 'It is stored. `Location` is its address.', schema: UploadSchema },
      '400': { description: 'The body broke off, or is not what the request says of it.' },
      '413': { description: 'The file has more bytes than `uploads.maxBytes`.' },
      '415': { description: 'The body is encoded.' },
      '503': { description: 'Too many uploads, or the store does not answer; see Retry-After.' },
    },
  },
} satisfies Record<string, ApiOperation>;
