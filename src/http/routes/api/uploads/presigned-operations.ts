import type { RequestBody } from '../../../route.ts';
import type { ApiOperation } from '../api-route.ts';
import { NewPresignedSchema, PartsSchema, PresignedSchema } from './presigned-schema.ts';
import { missing, parameters, tag } from './upload-operations.ts';
import { UploadSchema } from './upload-schema.ts';

export const pageLimits = { default: 100, max: 1000 };

export const presignedBody: RequestBody = {
  kind: 'json',
  name: 'NewPresignedUpload',
  schema: NewPresignedSchema,
};

export const presignedOperations = {
  start: {
    operationId: 'startPresignedUpload',
    tag,
    summary: 'Start an upload whose parts go to the store',
    description:
      'For files that are larger than `uploads.maxBytes`. Each part is PUT to an address of `links.parts`; then `links.complete` makes the upload of them.',
    responses: {
      '201': { description: 'It can be sent. `Location` is its address.', schema: PresignedSchema },
      '413': { description: 'The file has more bytes than `uploads.maxPresignedBytes`.' },
      '503': { description: 'The store does not answer.' },
    },
  },
  parts: {
    operationId: 'listUploadParts',
    tag,
    summary: 'Get presigned addresses of parts',
    description:
      'They are signed for each request: a part may be sent again, and an expired address asked for again.',
    parameters,
    query: {
      limit: {
        description: 'Parts of one page.',
        schema: { type: 'integer', minimum: 1, maximum: pageLimits.max, default: pageLimits.default },
      },
      cursor: 'The number of the first part, as `next` of the page before.',
    },
    responses: {
      '200': { description: 'A page, in the order of the parts.', schema: PartsSchema },
      '400': { description: 'A parameter is wrong; `field` names it.' },
      '404': { description: 'There is no such upload of this caller, or it is complete.' },
    },
  },
  complete: {
    operationId: 'completeUpload',
    tag,
    summary: 'Make an upload of its parts',
    description:
      'The service reads the file once from the store for its sha256. It has no body, and is repeated until the answer is 200.',
    parameters,
    responses: {
      '200': { description: 'It is whole, and jobs can use it.', schema: UploadSchema },
      '202': { description: 'It is being read; repeat after `Retry-After`.', schema: PresignedSchema },
      '400': { description: 'The bytes are not those of `sha256`. The upload is deleted.' },
      '404': missing,
      '409': { description: 'A part is missing, or has another size; `detail` names it.' },
      '503': { description: 'Too many uploads, or the store does not answer; see Retry-After.' },
    },
  },
} satisfies Record<string, ApiOperation>;
