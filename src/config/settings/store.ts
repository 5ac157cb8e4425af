import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from './kinds.ts';

const StsSettings = closed({
  endpoint: Type.Optional(httpUrl('Server for AssumeRole. Default: store.endpoint, as with MinIO.')),
  region: Type.Optional(text('Region in the signatures of AssumeRole. Default: store.region.')),
  roleArn: Type.Optional(
    text('Role that is cut down to a flow and given to its pods. AWS requires one.', {
      title: 'the ARN of a role',
      pattern: '^arn:[a-z-]+:iam::[0-9]*:role/.+$',
    }),
  ),
});

export const StoreSettings = closed({
  endpoint: httpUrl('S3 server, as the service reaches it. No default.'),
  podEndpoint: Type.Optional(httpUrl('The same server, as the pods reach it. Default: store.endpoint.')),
  publicEndpoint: Type.Optional(
    httpUrl('The same server, as receivers of presigned addresses reach it. Default: store.endpoint.'),
  ),
  region: text('Region in the signatures of requests.', { default: 'us-east-1' }),
  bucket: text('Bucket of results and records. No default.', {
    title: 'a bucket name (3 to 63 of a-z 0-9 . -)',
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
  }),
  credentials: choice(
    'Keys of the pods: `sts` mints keys for each flow; `static` gives them the service’s own.',
    ['sts', 'static'],
    { default: 'sts' },
  ),
  sts: StsSettings,
  // The range that AWS and compatible servers accept for AssumeRole.
  credentialSeconds: integer({ min: 900, max: 43_200, default: 3600 }, 'Lifetime of minted keys.'),
  requestTimeoutMillis: integer(
    { min: 100, max: 300_000, default: 30_000 },
    'Time for one request to the store.',
  ),
});
