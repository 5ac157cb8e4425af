import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, httpUrl, integer, text } from './kinds.ts';

const StsSettings = closed({
  endpoint: Type.Optional(
    httpUrl({
      description:
        'Where AssumeRole is asked for; on AWS https://sts.<region>.amazonaws.com. Default: store.endpoint, as with MinIO.',
    }),
  ),
  region: Type.Optional(
    text({ description: 'Region that AssumeRole is signed for. Default: store.region.' }),
  ),
  roleArn: Type.Optional(
    text({
      title: 'the ARN of a role',
      pattern: '^arn:[a-z-]+:iam::[0-9]*:role/.+$',
      description:
        'Role that is cut down to a flow and given to its pods. AWS wants one; MinIO needs none: it cuts down the rights of the service’s own keys.',
    }),
  ),
});

export const StoreSettings = closed({
  endpoint: httpUrl({ description: 'S3 server as this service reaches it. No default.' }),
  podEndpoint: Type.Optional(
    httpUrl({ description: 'The same server as the pods reach it. Default: store.endpoint.' }),
  ),
  publicEndpoint: Type.Optional(
    httpUrl({
      description: 'The same server as receivers of presigned addresses reach it. Default: store.endpoint.',
    }),
  ),
  region: text({ default: 'us-east-1', description: 'Region that requests are signed for.' }),
  bucket: text({
    title: 'a bucket name (3 to 63 of a-z 0-9 . -)',
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'Where results and records are kept. No default.',
  }),
  credentials: choice(['sts', 'static'], {
    default: 'sts',
    description:
      "Keys of the pods: `sts` mints keys for each flow's own prefix; `static` gives them the service's own.",
  }),
  sts: StsSettings,
  // What AWS and its imitators accept for AssumeRole.
  credentialSeconds: integer({ min: 900, max: 43_200, default: 3600 }, 'Life of minted keys.'),
  requestTimeoutMillis: integer({ min: 100, max: 300_000, default: 30_000 }, 'For one request to the store.'),
});
