import type { Secrets, StoreConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { ReadableObjects, S3DataAddress } from '../flow/outcome.ts';
import { bucketArn, createStsClient, type StsSettings } from './assume-role.ts';

/** The settings that `createReadAccess` reads. */
export type ReadAccessSettings = StsSettings &
  Pick<StoreConfig, 'bucket' | 'credentials' | 'publicEndpoint' | 'region'>;

export interface ObjectsToRead {
  flow: string;
  objects: ReadableObjects;
  /** From 900 on; the store may allow fewer than are asked for. */
  seconds: number;
}

/** Access for a receiver: keys that read and list these objects, and nothing else of the bucket. */
export interface ReadAccess {
  /** Makes one attempt. Throws `store-refused`, `store-forbidden` or `store-unavailable`. */
  grant(wanted: ObjectsToRead, signal: AbortSignal): Promise<Omit<S3DataAddress, 'type'>>;
}

export function createReadAccess(settings: ReadAccessSettings, secrets: Secrets['store']): ReadAccess {
  const { bucket, publicEndpoint: endpoint, region, sts, credentials } = settings;
  const client = createStsClient(settings, secrets);
  return {
    async grant({ flow, objects, seconds }, signal) {
      // The settings may have changed since the flow was accepted. The service's own keys read the whole bucket.
      if (credentials === 'static')
        throw new ServiceError('store-refused', 'store.credentials is static: no keys can be minted');
      const policy = readPolicy(bucketArn(bucket, sts), objects);
      const keys = await client.assumeRole({ name: flow, policy, seconds }, signal);
      return { endpoint, region, bucket, objects, keys };
    },
  };
}

/** Without the right to list where one object is read. */
export function readPolicy(inBucket: string, objects: ReadableObjects): string {
  const [resource, prefix] = 'key' in objects ? [objects.key] : [`${objects.prefix}*`, `${objects.prefix}*`];
  const list = {
    Effect: 'Allow',
    Action: ['s3:ListBucket'],
    Resource: [inBucket],
    Condition: { StringLike: { 's3:prefix': [prefix] } },
  };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${inBucket}/${resource}`] },
      ...(prefix === undefined ? [] : [list]),
    ],
  });
}
