import type { TokenSource } from '../../token-source.ts';
import { keyHeader } from '../../edc/names.ts';

/** Credentials for the API of a control plane at which data planes are registered. */
export interface Credentials {
  /** Throws `unavailable` if there is no token. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** They were answered with 401. */
  refused(headers: Readonly<Record<string, string>>): void;
}

/** A key in the header `x-api-key`, or nothing. */
export function keyCredentials(key: string | undefined): Credentials {
  return { headers: () => Promise.resolve(keyHeader(key)), refused: () => undefined };
}

export function tokenCredentials(source: TokenSource): Credentials {
  return {
    headers: async (signal) => ({ authorization: `Bearer ${await source.obtain(signal)}` }),
    refused({ authorization = '' }) {
      source.drop(authorization.replace('Bearer ', ''));
    },
  };
}
