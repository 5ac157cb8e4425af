import type { Secrets, StoreConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { errorCodeOf, refusalCode } from './upload/refusal.ts';
import { createSender, type Answer, type Sender } from './upload/send-request.ts';
import { signRequest } from './upload/sign-request.ts';
import { flowPrefix } from '../flow/keys.ts';

/** The settings that `createCredentialMinter` reads. */
export type MinterSettings = Pick<
  StoreConfig,
  'bucket' | 'credentials' | 'sts' | 'credentialSeconds' | 'requestTimeoutMillis'
>;

/** One attempt per call. Throws `store-refused`, `store-forbidden` or `store-unavailable`. */
export function createCredentialMinter(
  settings: MinterSettings,
  secrets: Secrets['store'],
): CredentialMinter {
  if (settings.credentials === 'static') {
    return { lifetimeSeconds: undefined, mint: async () => Promise.resolve({ ...secrets }) };
  }
  const sender = createSender({
    endpoint: settings.sts.endpoint,
    timeoutMillis: settings.requestTimeoutMillis,
    connections: Infinity,
    idleMillis,
  });
  return {
    lifetimeSeconds: settings.credentialSeconds,
    mint: async (flow, signal) => assumeRole({ sender, settings, secrets, flow }, signal),
  };
}

/**
 * Long enough for flows that start one after another to share connections, and short enough that the store does not close an idle one
 * just when a request is sent on it.
 */
const idleMillis = 1000;

interface Assumption {
  sender: Sender;
  settings: MinterSettings;
  secrets: Secrets['store'];
  flow: string;
}

/**
 * Calls STS, at the store's endpoint (MinIO) or at one of its own (AWS). The keys have the rights of the role, or of the caller without
 * one, reduced by the session policy.
 */
async function assumeRole(assumption: Assumption, signal: AbortSignal): Promise<ScopedCredentials> {
  const { sender, settings, secrets } = assumption;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', path: '/', headers, body: Buffer.from(buildForm(assumption).toString()) };
  const { host } = sender;
  try {
    const signed = signRequest(request, { host, region: settings.sts.region, service: 'sts' }, secrets);
    const until = new Date(Date.now() + settings.credentialSeconds * 1000);
    return readCredentials(await sender.send(signed, signal), until);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ServiceError('store-unavailable', 'the store gave no keys in time', { cause: error });
  }
}

function buildForm({ settings, flow }: Assumption): URLSearchParams {
  const { bucket, credentialSeconds, sts } = settings;
  const partition = sts.roleArn?.split(':')[1];
  return new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    ...(sts.roleArn === undefined ? {} : { RoleArn: sts.roleArn }),
    // Audit logs show it as the caller.
    RoleSessionName: flow,
    DurationSeconds: String(credentialSeconds),
    Policy: sessionPolicy(bucket, flow, partition),
  });
}

function readCredentials(answer: Answer, requested: Date): ScopedCredentials {
  if (answer.status !== 200) {
    const code = refusalCode(answer);
    const message = `the store refused keys for a flow: ${answer.status} ${code ?? ''}`.trimEnd();
    throw new ServiceError(errorCodeOf(answer.status, code), message);
  }
  return {
    accessKeyId: member(answer, 'AccessKeyId'),
    secretAccessKey: member(answer, 'SecretAccessKey'),
    sessionToken: member(answer, 'SessionToken'),
    expiration: expirationOf(answer, requested),
  };
}

/** Falls back to the requested lifetime: a time that cannot be read would never come. */
function expirationOf(answer: Answer, fallback: Date): string {
  const expiration = member(answer, 'Expiration');
  return Number.isNaN(Date.parse(expiration)) ? fallback.toISOString() : expiration;
}

function member({ body }: Answer, name: string): string {
  const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1];
  if (value === undefined) throw new ServiceError('store-refused', `the store's keys have no ${name}`);
  return value
    .replaceAll('&#43;', '+')
    .replaceAll('&#47;', '/')
    .replaceAll('&#61;', '=')
    .replaceAll('&amp;', '&');
}

/** Keys for one flow's prefix; `expiration` is absent for configured static keys. */
export interface ScopedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** RFC 3339. */
  expiration?: string;
}

/** Mints keys that can only write and read below `flows/<flow>/<attempt>/` (session policy), or returns the static ones. */
export interface CredentialMinter {
  /** Seconds until a minted key expires; undefined: it does not expire. */
  readonly lifetimeSeconds: number | undefined;
  mint(flow: string, signal: AbortSignal): Promise<ScopedCredentials>;
}

/**
 * A flow's keys may write, read and list `flows/<flow>/<attempt>/…`. They reach neither the record nor the environment beside the
 * attempts and cannot delete, so that a pod can neither forge nor remove evidence. S3 servers take at most 2,048 characters.
 * `partition`: that of AWS if it is not `aws`.
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
