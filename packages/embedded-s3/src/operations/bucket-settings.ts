import { xmlAnswer, type Answer } from '../http/answer.ts';
import { StoreError, type StoreErrorCode } from '../http/store-error.ts';
import { escapeXml, s3Document } from '../http/xml.ts';
import { bucketOf, type Call } from './call.ts';

/** The region, which S3 leaves empty for its first one. */
export function getBucketLocation(call: Call): Answer {
  bucketOf(call);
  const { region } = call.state.keyring;
  const text = region === 'us-east-1' ? '' : escapeXml(region);
  return xmlAnswer(s3Document('LocationConstraint', [text]));
}

/** No bucket here keeps versions, and none can be made to. */
export function getBucketVersioning(call: Call): Answer {
  bucketOf(call);
  return xmlAnswer(s3Document('VersioningConfiguration', []));
}

/** Settings that clients ask for before they use a bucket. No bucket here has one; each has its own error for that in S3. */
export const absentSettings: Readonly<Record<string, StoreErrorCode>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  lifecycle: 'NoSuchLifecycleConfiguration',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
  policy: 'NoSuchBucketPolicy',
  replication: 'ReplicationConfigurationNotFoundError',
  tagging: 'NoSuchTagSet',
};

export function getAbsentSetting(call: Call): Answer {
  bucketOf(call);
  const setting = Object.keys(absentSettings).find((name) => call.request.query.has(name));
  throw new StoreError(absentSettings[setting ?? ''] ?? 'NotImplemented');
}
