import type { Secrets, StoreConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { TemporaryKeys } from '../flow/outcome.ts';
import { errorCodeOf, refusalCode } from './upload/refusal.ts';
import { createSender, type Answer, type Sender } from './upload/send-request.ts';
import { signRequest } from './upload/sign-request.ts';

/** The settings that `createStsClient` reads. */
export type StsSettings = Pick<StoreConfig, 'sts' | 'requestTimeoutMillis'>;

export interface StsClient {
  /** Makes one attempt. Throws `store-refused`, `store-forbidden` or `store-unavailable`. */
  assumeRole(session: Session, signal: AbortSignal): Promise<TemporaryKeys>;
}

export interface Session {
  /** Audit logs show it as the caller. */
  name: string;
  /** JSON, at most 2,048 characters. The keys have the rights of the role, or of the caller without one, reduced by it. */
  policy: string;
  seconds: number;
}

/**
 * Long enough for flows that start one after another to share connections, and short enough that the store does not close an idle one
 * just when a request is sent on it.
 */
const idleMillis = 1000;

/** A client of STS, at the store's endpoint (MinIO) or at one of its own (AWS). */
export function createStsClient(settings: StsSettings, secrets: Secrets['store']): StsClient {
  const sender = createSender({
    endpoint: settings.sts.endpoint,
    timeoutMillis: settings.requestTimeoutMillis,
    connections: Infinity,
    idleMillis,
  });
  return {
    assumeRole: (session, signal) => assumeRole({ sender, settings, secrets, session }, signal),
  };
}

interface Assumption {
  sender: Sender;
  settings: StsSettings;
  secrets: Secrets['store'];
  session: Session;
}

async function assumeRole(assumption: Assumption, signal: AbortSignal): Promise<TemporaryKeys> {
  const { sender, settings, secrets, session } = assumption;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', path: '/', headers, body: Buffer.from(buildForm(assumption).toString()) };
  const { host } = sender;
  try {
    const signed = signRequest(request, { host, region: settings.sts.region, service: 'sts' }, secrets);
    const until = new Date(Date.now() + session.seconds * 1000);
    return readKeys(await sender.send(signed, signal), until);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ServiceError('store-unavailable', 'the store gave no keys in time', { cause: error });
  }
}

function buildForm({ settings: { sts }, session }: Assumption): URLSearchParams {
  return new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    ...(sts.roleArn === undefined ? {} : { RoleArn: sts.roleArn }),
    RoleSessionName: session.name,
    DurationSeconds: String(session.seconds),
    Policy: session.policy,
  });
}

function readKeys(answer: Answer, requested: Date): TemporaryKeys {
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

/** `arn:<partition>:s3:::<bucket>`, with the partition of the role: AWS has others than `aws`. */
export function bucketArn(bucket: string, { roleArn }: Pick<StsSettings['sts'], 'roleArn'>): string {
  return `arn:${roleArn?.split(':')[1] ?? 'aws'}:s3:::${bucket}`;
}
