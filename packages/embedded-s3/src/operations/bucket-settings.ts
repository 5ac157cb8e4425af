import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf } from '../catalog.ts';
import { StoreError, type StoreErrorCode } from '../store-error.ts';
import { escapeXml, s3Document } from '../xml.ts';

/** The region, which S3 leaves empty for its first one. */
export function getBucketLocation(call: Call): Answer {
  bucketOf(call.state.catalog, call.request.bucket);
  const { region } = call.state.keyring;
  const text = region === 'us-east-1' ? '' : escapeXml(region);
  return xmlAnswer(s3Document('LocationConstraint', [text]));
}

/** No bucket here keeps versions, and none can be made to. */
export function getBucketVersioning(call: Call): Answer {
  bucketOf(call.state.catalog, call.request.bucket);
  return xmlAnswer(s3Document('VersioningConfiguration', []));
}

/** What clients ask a bucket for before they work with it, and no bucket here has: said as S3 says that it is not set. */
export const absentSettings: Readonly<Record<string, StoreErrorCode>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  lifecycle: 'NoSuchLifecycleConfiguration',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
  policy: 'NoSuchBucketPolicy',
  replication: 'ReplicationConfigurationNotFoundError',
  tagging: 'NoSuchTagSet',
};

export function getAbsentSetting(call: Call): Answer {
  const { request, state } = call;
  bucketOf(state.catalog, request.bucket);
  const setting = Object.keys(absentSettings).find((name) => request.query.has(name));
  throw new StoreError(absentSettings[setting ?? ''] ?? 'NotImplemented');
}
