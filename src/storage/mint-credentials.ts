import type { Secrets, StoreConfig } from '../config/config.ts';
import { flowPrefix } from '../flow/keys.ts';
import type { TemporaryKeys } from '../flow/outcome.ts';
import { bucketArn, createStsClient, type StsSettings } from './assume-role.ts';

/** The settings that `createCredentialMinter` reads. */
export type MinterSettings = StsSettings & Pick<StoreConfig, 'bucket' | 'credentials' | 'credentialSeconds'>;

/** Mints keys that can only write and read below `flows/<flow>/<attempt>/` (session policy), or returns the static ones. */
export interface CredentialMinter {
  /** Seconds until a minted key expires; undefined: it does not expire. */
  readonly lifetimeSeconds: number | undefined;
  /** Makes one attempt. Throws `store-refused`, `store-forbidden` or `store-unavailable`. */
  mint(flow: string, signal: AbortSignal): Promise<ScopedCredentials>;
}

/** Keys for one flow's prefix; `sessionToken` and `expiration` are absent for configured static keys. */
export type ScopedCredentials = Pick<TemporaryKeys, 'accessKeyId' | 'secretAccessKey'> &
  Partial<TemporaryKeys>;

export function createCredentialMinter(
  settings: MinterSettings,
  secrets: Secrets['store'],
): CredentialMinter {
  if (settings.credentials === 'static') {
    return { lifetimeSeconds: undefined, mint: async () => Promise.resolve({ ...secrets }) };
  }
  const { bucket, sts, credentialSeconds: seconds } = settings;
  const client = createStsClient(settings, secrets);
  return {
    lifetimeSeconds: seconds,
    mint: (flow, signal) =>
      client.assumeRole({ name: flow, policy: sessionPolicy(bucketArn(bucket, sts), flow), seconds }, signal),
  };
}

/**
 * A flow's keys may write, read and list `flows/<flow>/<attempt>/…`. They reach neither the record nor the environment beside the
 * attempts and cannot delete, so that a pod can neither forge nor remove evidence. S3 servers take at most 2,048 characters.
 */
export function sessionPolicy(inBucket: string, flow: string): string {
  const prefix = flowPrefix(flow);
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
