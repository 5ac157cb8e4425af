import type { Operation } from '../route.ts';

const parameters = {
  flow: "The flow's id.",
  token: 'The signed token of a data address: attempt and expiry.',
};

export function describeDownload(operationId: string, summary: string, contentType: string): Operation {
  return {
    operationId,
    tag: 'results',
    summary,
    description:
      'The answer has a length and a strong ETag. One range gets 206, several get all of it. Nothing is compressed. An error after the first byte closes the connection.',
    parameters,
    headers: {
      Range: 'The bytes to send.',
      'If-Range': 'The ETag for which the range is meant; for another one all of it is sent.',
      'If-Match': 'The ETag that is expected.',
      'If-None-Match': 'The ETag that the client has.',
    },
    responses: {
      '200': { description: 'All of it.', contentType },
      '206': { description: 'The requested range.', contentType },
      '304': { description: 'The ETag matches If-None-Match.' },
      '403': { description: 'The transfer is suspended.' },
      '404': { description: 'The token is wrong, or there is no such file.' },
      '410': { description: 'The token has expired, or the results are deprovisioned or deleted.' },
      '412': { description: 'The ETag does not match If-Match.' },
      '416': { description: 'The range begins after the end.' },
      '503': { description: 'Too many downloads, or the store does not answer; see Retry-After.' },
    },
  };
}

const bearer = describeDownload(
  'getResultContentByBearer',
  'The bytes that the template chose, for an access token in the header `Authorization`',
  '*/*',
);

export const resultOperations = {
  'files/*path': {
    ...describeDownload('getResultFile', 'One file of the results', '*/*'),
    parameters: { ...parameters, path: "The file's path, each segment percent-encoded." },
  },
  'archive.zip': describeDownload(
    'getResultZip',
    'All files as a zip, stored without compression',
    'application/zip',
  ),
  'archive.tar': describeDownload('getResultTar', 'All files as a tar', 'application/x-tar'),
  content: describeDownload(
    'getResultContent',
    'The bytes that the template chose, at an address from before they existed',
    '*/*',
  ),
  bearer: {
    ...bearer,
    parameters: { flow: parameters.flow },
    responses: {
      ...bearer.responses,
      '401': { description: 'The header has no access token, or an expired one; see WWW-Authenticate.' },
    },
  },
  'manifest.json': describeDownload(
    'getResultManifest',
    'Every file with its size and sha256',
    'application/json',
  ),
} satisfies Record<string, Operation>;
