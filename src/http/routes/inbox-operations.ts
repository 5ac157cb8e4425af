import type { Operation } from '../route.ts';

const parameters = {
  flow: "The flow's id.",
  inbox: 'The token of an inbox of an asset; or a flow’s id, with its token as Authorization: Bearer.',
  token: 'The signed token of the inbox.',
  path: 'Its last segment is the name of the file, unless Content-Disposition has one.',
};

/** `name` makes the operation's id. */
export function inboxOperation(
  method: 'PUT' | 'POST',
  { path, name }: { path: string; name: string },
): Operation {
  const inPath = Object.entries(parameters).filter(([parameter]) => path.split(/[/:*]/).includes(parameter));
  return {
    operationId: `${method.toLowerCase()}${name}`,
    tag: 'inbox',
    summary: path.includes(':inbox')
      ? 'Deliver an env file or an input for the jobs of an asset, or send a file to a consumer’s flow'
      : 'Send a file to a consumer’s flow',
    description:
      'The body is the file as it is. The same name again replaces the file. `Repr-Digest` or `Content-Digest` with sha-256 is verified. A body that breaks off leaves nothing.',
    parameters: Object.fromEntries(inPath),
    responses: {
      '201': { description: 'The file is stored.', schema: fileSchema },
      '400': { description: 'The body broke off, or is not what the request says of it.' },
      '401': { description: 'The header has no token of this inbox.' },
      '403': { description: 'The transfer is suspended.' },
      '404': { description: 'The token is wrong.' },
      '409': { description: 'The inbox of an asset has taken another body.' },
      '410': { description: 'The transfer has ended, or the token has expired.' },
      '413': { description: 'The flow would have too many bytes or files.' },
      '415': { description: 'The body is encoded.' },
      '422': { description: 'The env file is not what the template of the asset expects.' },
      '503': { description: 'Too many uploads, or the store does not answer; see Retry-After.' },
    },
  };
}

const fileSchema = {
  type: 'object',
  required: ['name', 'size', 'sha256'],
  properties: {
    name: { type: 'string' },
    size: { type: 'integer' },
    sha256: { type: 'string' },
    upload: { type: 'string', description: 'The id of an input file.' },
    envFile: {
      type: 'object',
      description: 'The version of an env file.',
      properties: { version: { type: 'integer' }, digest: { type: 'string' } },
    },
  },
};
