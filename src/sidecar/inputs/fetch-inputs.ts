import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarSettings } from '../../config/sidecar.ts';
import { createCredentialReader } from '../../storage/upload/credentials.ts';
import type { Log } from '../log-line.ts';
import { fetchInput } from './fetch-input.ts';
import { InputError } from './input-error.ts';

/**
 * Fetches the inputs, one after the other. Throws `InputError` for the first that cannot be fetched. That is final for this pod: a process that
 * the kubelet starts afterwards throws it again, so that no worker starts while the flow ends.
 */
export async function fetchInputs(
  settings: SidecarSettings,
  log: Log,
  terminate: AbortSignal,
): Promise<void> {
  const { inputs, endpoint, region, bucket, credentials, requestTimeoutMillis: timeoutMillis } = settings;
  if (inputs === undefined) return;
  const failed = readFailure(settings);
  if (failed !== undefined) throw failed;
  const reader = createCredentialReader(credentials);
  const access = { endpoint, region, bucket, credentials: reader, urls: inputs.urls, timeoutMillis };
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
  }, inputs.seconds * 1000);
  try {
    for (const input of inputs.list)
      await fetchInput({ access, log, deadline: deadline.signal }, input, terminate);
  } catch (error) {
    if (error instanceof InputError) keepFailure(settings, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function failureFile({ state }: SidecarSettings): string {
  return join(state, 'failed-input');
}

function readFailure(settings: SidecarSettings): InputError | undefined {
  try {
    const { input, message } = JSON.parse(readFileSync(failureFile(settings), 'utf8')) as InputError;
    return new InputError(input, message);
  } catch {
    return undefined;
  }
}

/** Without it, the next process tries again: the flow ends all the same. */
function keepFailure(settings: SidecarSettings, { input, message }: InputError): void {
  try {
    writeFileSync(failureFile(settings), JSON.stringify({ input, message }));
  } catch {
    // A full disk.
  }
}
