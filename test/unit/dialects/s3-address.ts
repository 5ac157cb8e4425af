import type { S3DataAddress } from '../../../src/flow/outcome.ts';

export const anS3Address: S3DataAddress = {
  type: 'AmazonS3',
  endpoint: 'https://s3.example.org',
  region: 'eu-central-1',
  bucket: 'results',
  objects: { prefix: 'flows/flow-a/uid/files/' },
  keys: {
    accessKeyId: 'ASIA1',
    secretAccessKey: 'secret-key-of-the-address',
    sessionToken: 'session-token-of-the-address',
    expiration: '2026-01-01T01:00:00Z',
  },
};
