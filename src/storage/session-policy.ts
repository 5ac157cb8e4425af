import { flowPrefix } from '../flow/keys.ts';

/**
 * What a flow's keys may do: write and read what attempts own, `flows/<flow>/<attempt>/…` and list there. Not the flow's record and environment, which lie beside the attempts, and
 * no deleting: a pod can neither forge nor remove evidence. S3 servers take at most 2,048 characters.
 * `partition`: of AWS, where it is another than `aws`.
 */
export function sessionPolicy(bucket: string, flow: string, partition = 'aws'): string {
  const prefix = flowPrefix(flow);
  const inBucket = `arn:${partition}:s3:::${bucket}`;
  const objects = `${inBucket}/${prefix}*/*`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
        Resource: [objects],
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [inBucket],
        Condition: { StringLike: { 's3:prefix': [`${prefix}*`] } },
      },
    ],
  });
}
