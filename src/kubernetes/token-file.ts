import { readFile } from 'node:fs/promises';
import { unavailable } from './errors.ts';

/** A bearer token in a file that others rewrite: the kubelet before it expires, an operator after it was revoked. */
export interface TokenFile {
  /** Throws ServiceError `cluster-unavailable` while the file holds none. */
  token(): Promise<string>;
  /** Call it when the API server has answered 401 to this token. */
  refused(token: string): void;
}

/** A kubelet rewrites a token long before it expires; a 401 shows that one was revoked. */
const keptMillis = 30_000;

/** Reads the file again from time to time, and at once after a refusal. */
export function openTokenFile(path: string, now: () => number = () => performance.now()): TokenFile {
  let kept: { token: string; until: number } | undefined;
  let reading: Promise<string> | undefined;
  return {
    async token() {
      if (kept !== undefined && now() < kept.until) return kept.token;
      reading ??= readToken(path).finally(() => {
        reading = undefined;
      });
      const token = await reading;
      kept = { token, until: now() + keptMillis };
      return token;
    },
    refused(token) {
      // Answers to the old token still come in after the file was read again: they must not discard the new one.
      if (kept?.token === token) kept = undefined;
    },
  };
}

async function readToken(path: string): Promise<string> {
  const token = (await readFile(path, 'utf8').catch(unreadable)).trim();
  return token === '' ? unreadable(new Error(`${path} is empty`)) : token;
}

function unreadable(cause: unknown): never {
  throw unavailable('Credentials for the cluster could not be read', cause);
}
