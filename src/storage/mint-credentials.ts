import type { Secrets, StoreConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { CredentialMinter, ScopedCredentials } from './scoped-credentials.ts';
import { sessionPolicy } from './session-policy.ts';
import { isPassing, refusalCode } from './upload/refusal.ts';
import { createSender, type Answer } from './upload/send-request.ts';
import { signRequest } from './upload/sign-request.ts';

/** What `createCredentialMinter` reads of the settings. */
export type MinterSettings = Pick<
  StoreConfig,
  'bucket' | 'credentials' | 'sts' | 'credentialSeconds' | 'requestTimeoutMillis'
>;

/** One attempt a call; throws `store-refused` or `store-unavailable`. */
export function createCredentialMinter(
  settings: MinterSettings,
  secrets: Secrets['store'],
): CredentialMinter {
  if (settings.credentials === 'static') {
    return { lifetimeSeconds: undefined, mint: async () => Promise.resolve({ ...secrets }) };
  }
  return {
    lifetimeSeconds: settings.credentialSeconds,
    mint: async (flow, signal) => assumeRole({ settings, secrets, flow }, signal),
  };
}

interface Assumption {
  settings: MinterSettings;
  secrets: Secrets['store'];
  flow: string;
}

/**
 * STS, on the store's own endpoint as MinIO has it or on one of its own as AWS has it: the rights of the role (without one:
 * of the caller), cut down by the session policy.
 */
async function assumeRole(assumption: Assumption, signal: AbortSignal): Promise<ScopedCredentials> {
  const { settings, secrets } = assumption;
  const { endpoint, region } = settings.sts;
  const timeoutMillis = settings.requestTimeoutMillis;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', path: '/', headers, body: Buffer.from(buildForm(assumption).toString()) };
  const sender = createSender({ endpoint, timeoutMillis, connections: 1 });
  try {
    const signed = signRequest(request, { host: sender.host, region, service: 'sts' }, secrets);
    return readCredentials(await sender.send(signed, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ServiceError('store-unavailable', 'the store gave no keys in time', { cause: error });
  } finally {
    sender.close();
  }
}

function buildForm({ settings, flow }: Assumption): URLSearchParams {
  const { bucket, credentialSeconds, sts } = settings;
  const partition = sts.roleArn?.split(':')[1];
  return new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    ...(sts.roleArn === undefined ? {} : { RoleArn: sts.roleArn }),
    // What an audit log shows as the caller.
    RoleSessionName: flow,
    DurationSeconds: String(credentialSeconds),
    Policy: sessionPolicy(bucket, flow, partition),
  });
}

function readCredentials(answer: Answer): ScopedCredentials {
  if (answer.status !== 200) {
    const code = refusalCode(answer);
    const passing = answer.status !== 403 && isPassing(answer.status, code);
    const message = `the store refused keys for a flow: ${answer.status} ${code ?? ''}`.trimEnd();
    throw new ServiceError(passing ? 'store-unavailable' : 'store-refused', message);
  }
  return {
    accessKeyId: member(answer, 'AccessKeyId'),
    secretAccessKey: member(answer, 'SecretAccessKey'),
    sessionToken: member(answer, 'SessionToken'),
    expiration: member(answer, 'Expiration'),
  };
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
