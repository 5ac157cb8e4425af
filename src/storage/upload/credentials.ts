import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../errors.ts';
import type { ScopedCredentials } from '../mint-credentials.ts';

export interface CredentialReader {
  /** The keys as the folder holds them now, or held them a moment ago. */
  read(): ScopedCredentials;
  /** The store refused the keys: the next read goes to the folder. */
  forget(): void;
}

const freshMillis = 100;
const files = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration'] as const;

/**
 * Keys from a mounted Secret, one file per key, read by every request: an update reaches a running pod as a new folder behind the
 * symlink `..data`. A few stats show whether anything changed, at most ten times a second: the kubelet takes a minute for an update,
 * and 10,000 small files must not cost 50,000 stats.
 */
export function createCredentialReader(
  folder: string,
  monotonic: () => number = () => performance.now(),
): CredentialReader {
  let known: { version: string; credentials: ScopedCredentials; at: number } | undefined;
  return {
    read() {
      const at = monotonic();
      if (known !== undefined && at - known.at < freshMillis) return known.credentials;
      const current = currentFolder(folder);
      const version = versionOf(current);
      const credentials = known?.version === version ? known.credentials : readCredentials(current);
      known = { version, credentials, at };
      return credentials;
    },
    forget() {
      known = undefined;
    },
  };
}

/** Reads all keys from one generation of the mount, even if the kubelet swaps it meanwhile. */
function currentFolder(folder: string): string {
  try {
    return realpathSync(join(folder, '..data'));
  } catch {
    return folder;
  }
}

function versionOf(folder: string): string {
  return files
    .map((name) => {
      const stat = statSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? '-' : `${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`;
    })
    .join(' ');
}

function readCredentials(folder: string): ScopedCredentials {
  const sessionToken = readKey(folder, 'sessionToken');
  const expiration = readKey(folder, 'expiration');
  return {
    accessKeyId: required(folder, 'accessKeyId'),
    secretAccessKey: required(folder, 'secretAccessKey'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  };
}

function required(folder: string, name: 'accessKeyId' | 'secretAccessKey'): string {
  const value = readKey(folder, name);
  if (value !== undefined) return value;
  throw new ServiceError('store-unavailable', `the store's ${name} is not in the mounted Secret`);
}

function readKey(folder: string, name: string): string | undefined {
  try {
    const value = readFileSync(join(folder, name), 'utf8').trim();
    return value === '' ? undefined : value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ServiceError('store-unavailable', `the mounted Secret's ${name} cannot be read`, {
      cause: error,
    });
  }
}
