import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from './kinds.ts';

const StsSettings = closed({
  endpoint: Type.Optional(
    httpUrl({
      description: 'Server for AssumeRole. Default: store.endpoint, as with MinIO.',
    }),
  ),
  region: Type.Optional(
    text({ description: 'Region in the signatures of AssumeRole. Default: store.region.' }),
  ),
  roleArn: Type.Optional(
    text({
      title: 'the ARN of a role',
      pattern: '^arn:[a-z-]+:iam::[0-9]*:role/.+$',
      description: 'Role that is cut down to a flow and given to its pods. AWS requires one.',
    }),
  ),
});

export const StoreSettings = closed({
  endpoint: httpUrl({ description: 'S3 server, as the service reaches it. No default.' }),
  podEndpoint: Type.Optional(
    httpUrl({ description: 'The same server, as the pods reach it. Default: store.endpoint.' }),
  ),
  publicEndpoint: Type.Optional(
    httpUrl({
      description: 'The same server, as receivers of presigned addresses reach it. Default: store.endpoint.',
    }),
  ),
  region: text({ default: 'us-east-1', description: 'Region in the signatures of requests.' }),
  bucket: text({
    title: 'a bucket name (3 to 63 of a-z 0-9 . -)',
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'Bucket of results and records. No default.',
  }),
  credentials: choice(['sts', 'static'], {
    default: 'sts',
    description: 'Keys of the pods: `sts` mints keys for each flow; `static` gives them the service’s own.',
  }),
  sts: StsSettings,
  // The range that AWS and compatible servers accept for AssumeRole.
  credentialSeconds: integer({ min: 900, max: 43_200, default: 3600 }, 'Lifetime of minted keys.'),
  requestTimeoutMillis: integer(
    { min: 100, max: 300_000, default: 30_000 },
    'Time for one request to the store.',
  ),
});
