import type { S3DataAddress, TemporaryKeys } from '../../flow/outcome.ts';

/** The properties of an `AmazonS3` data address without keys, by the names of EDC's extension for S3 (Technology-Aws 0.18.0). */
export function locationProperties({
  endpoint,
  region,
  bucket,
  objects,
}: Omit<S3DataAddress, 'type' | 'keys'>): Record<string, string> {
  return {
    bucketName: bucket,
    region,
    endpointOverride: endpoint,
    ...('key' in objects ? { objectName: objects.key } : { objectPrefix: objects.prefix }),
  };
}

/** All properties, for a receiver that reads the session token beside the keys: EDC's own source of S3 does not. */
export function s3Properties({ keys, ...location }: S3DataAddress): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = keys;
  return {
    ...locationProperties(location),
    ...{ accessKeyId, secretAccessKey, sessionToken, expiration },
  };
}

/** The secret that `keyName` names in a vault. Up to 0.15 it must name its type. */
export function secretOfKeys({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiration,
}: TemporaryKeys): string {
  return JSON.stringify({
    edctype: 'dataspaceconnector:secrettoken',
    ...{ accessKeyId, secretAccessKey, sessionToken },
    expiration: Date.parse(expiration),
  });
}
