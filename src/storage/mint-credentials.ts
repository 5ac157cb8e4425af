import type { Secrets, StoreConfig } from '../config/config.ts';
import type { FlowInput } from '../flow/flow-input.ts';
import { flowPrefix } from '../flow/keys.ts';
import type { TemporaryKeys } from '../flow/outcome.ts';
import { bucketArn, createStsClient, type StsSettings } from './assume-role.ts';

/** The settings that `createCredentialMinter` reads. */
export type MinterSettings = StsSettings & Pick<StoreConfig, 'bucket' | 'credentials' | 'credentialSeconds'>;

/** What the keys of a flow's pod are for. */
export interface FlowGrant {
  flow: string;
  /** Objects that the pod reads as well. */
  inputs?: readonly FlowInput[] | undefined;
}

/**
 * Mints keys that can only write and read below `flows/<flow>/<attempt>/`, and read the flow's inputs (session policy), or returns the static
 * ones.
 */
export interface CredentialMinter {
  /** Seconds until a minted key expires; undefined: it does not expire. */
  readonly lifetimeSeconds: number | undefined;
  /** Makes one attempt. Throws `store-refused`, `store-forbidden` or `store-unavailable`. */
  mint(grant: FlowGrant, signal: AbortSignal): Promise<ScopedCredentials>;
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
    mint: (grant, signal) => {
      const policy = sessionPolicy(bucketArn(bucket, sts), grant);
      return client.assumeRole({ name: grant.flow, policy, seconds }, signal);
    },
  };
}

/**
 * A flow's keys may write, read and list `flows/<flow>/<attempt>/…`. They reach neither the record nor the environment beside the
 * attempts and cannot delete, so that a pod can neither forge nor remove evidence. Of the inputs they read the objects themselves.
 */
export function sessionPolicy(inBucket: string, { flow, inputs = [] }: FlowGrant): string {
  const prefix = flowPrefix(flow);
  const objects = `${inBucket}/${prefix}*/*`;
  const reads = inputs.flatMap((input) => ('key' in input ? [objectArn(inBucket, input)] : []));
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
      ...(reads.length === 0 ? [] : [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: reads }]),
    ],
  });
}

/** S3 servers refuse a longer policy. */
export const policyLimit = 2048;

function objectArn(inBucket: string, { bucket, key }: { bucket?: string; key: string }): string {
  const holder =
    bucket === undefined ? inBucket : `${inBucket.slice(0, inBucket.lastIndexOf(':'))}:${bucket}`;
  return `${holder}/${key}`;
}
