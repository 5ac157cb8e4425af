import type { RequestBody } from '../../../route.ts';
import type { ApiOperation } from '../api-route.ts';
import { AnyUploadSchema, UploadSchema } from './upload-schema.ts';

export const tag = 'uploads';

const form = {
  schema: {
    type: 'object',
    required: ['file'],
    properties: { file: { type: 'string', format: 'binary' } },
    additionalProperties: false,
  },
};

export const uploadBody: RequestBody = { kind: 'bytes', content: { '*/*': {}, 'multipart/form-data': form } };

export const parameters = { upload: 'The upload’s id.' };
export const missing = { description: 'There is no such upload of this caller.' };

export const uploadOperations = {
  create: {
    operationId: 'createUpload',
    tag,
    summary: 'Hand in an input file',
    description:
      'The body is the file as it is, or a form with one file of any field name. `Repr-Digest` or `Content-Digest` with sha-256 is verified, except with a form. A body that breaks off leaves nothing.',
    query: { name: 'The name of the file. Default: that of Content-Disposition, else `data`.' },
    responses: {
      '201': { description: 'It is stored. `Location` is its address.', schema: UploadSchema },
      '400': { description: 'The body broke off, or is not what the request says of it.' },
      '413': { description: 'The file has more bytes than `uploads.maxBytes`.' },
      '415': { description: 'The body is encoded.' },
      '503': { description: 'Too many uploads, or the store does not answer; see Retry-After.' },
    },
  },
  get: {
    operationId: 'getUpload',
    tag,
    summary: 'Look at an upload',
    parameters,
    description: 'Until it is complete, it has `partSize` and `partCount`.',
    responses: { '200': { description: 'The upload.', schema: AnyUploadSchema }, '404': missing },
  },
  delete: {
    operationId: 'deleteUpload',
    tag,
    summary: 'Delete an upload',
    description:
      'A job that was started with it and has not fetched it yet fails. Parts that were sent to the store are deleted too.',
    parameters,
    responses: { '204': { description: 'It is deleted.' }, '404': missing },
  },
} satisfies Record<string, ApiOperation>;
