import type { S3DataAddress } from '../../flow/outcome.ts';

/**
 * The properties of an `AmazonS3` data address by the names of EDC's extension for S3 (Technology-Aws 0.18.0), which reads `sessionToken`
 * only from its vault.
 */
export function s3Properties({
  endpoint,
  region,
  bucket,
  objects,
  keys,
}: S3DataAddress): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = keys;
  return {
    bucketName: bucket,
    region,
    endpointOverride: endpoint,
    ...('key' in objects ? { objectName: objects.key } : { objectPrefix: objects.prefix }),
    ...{ accessKeyId, secretAccessKey, sessionToken, expiration },
  };
}
