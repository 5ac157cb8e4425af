import type { ApiOperation } from '../api-route.ts';
import { assetIdKind, consumerKind, EnvFileSchema } from './env-file-schema.ts';

const tag = 'supply';

export const ownerParameters = {
  connector: 'A configured connector, or `rest` for jobs that people start.',
  asset: {
    description: 'The asset’s id, encoded as one segment; `-` with `?assetId=`.',
    schema: { type: 'string', ...assetIdKind },
  },
};

export const assetIdQuery = {
  assetId: {
    description: 'The asset’s id, if and only if the path has `-` in its place.',
    schema: { type: 'string', ...assetIdKind },
  },
};

/** Parameters of the query that name the owner of a file. */
export const ownerQuery = {
  consumer: {
    description:
      'The consumer (the policy’s assignee) whose jobs get the file; default: those of all consumers.',
    schema: { type: 'string', ...consumerKind },
  },
  ...assetIdQuery,
};

const getQuery = {
  ...ownerQuery,
  version: {
    description: 'A former version. Default: the current one.',
    schema: { type: 'integer', minimum: 1, maximum: 999_999_999 },
  },
};

export const putQuery = {
  ...ownerQuery,
  secret: {
    description: '`true`: nothing but a Secret of the cluster has its values.',
    schema: { type: 'boolean', default: false },
  },
  template: 'The template to check it against. Default: the one that serves the asset.',
};

const file = { description: 'The file.', schema: EnvFileSchema };
const failed = { description: 'The current version is not that of If-Match or If-None-Match.' };

export const envFileOperations = {
  get: {
    operationId: 'getEnvFile',
    tag,
    summary: 'Look at the env file of an asset',
    description: 'A secret file is described by the names of its variables.',
    parameters: ownerParameters,
    query: getQuery,
    responses: {
      '200': { ...file, description: 'The file. Its ETag is for If-Match.' },
      '304': { description: 'It is still the version of If-None-Match.' },
    },
  },
  put: {
    operationId: 'putEnvFile',
    tag,
    summary: 'Hand in the env file of an asset',
    description:
      'The body is a dotenv file. It is checked against the template that serves the asset. The next job of the asset has its variables; jobs that are accepted already keep theirs. The consumer’s own file wins over that of the asset, variable by variable.',
    parameters: ownerParameters,
    query: putQuery,
    responses: {
      '200': { ...file, description: 'It is the current version now, or was it before.' },
      '201': { ...file, description: 'It is the first one.' },
      '412': failed,
      '422': { description: 'A line, a name or a value is not what the template expects.' },
    },
  },
  delete: {
    operationId: 'deleteEnvFile',
    tag,
    summary: 'Delete the env file of an asset, with all its versions',
    parameters: ownerParameters,
    query: ownerQuery,
    responses: { '204': { description: 'It is deleted.' }, '412': failed },
  },
} satisfies Record<string, ApiOperation>;
