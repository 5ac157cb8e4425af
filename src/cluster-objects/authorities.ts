import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { messageOf, ServiceError } from '../errors.ts';

/** A member of the Secret with the store's keys. */
export const authoritiesFile = 'ca.pem';

/** Each flow has a copy. */
const mostBytes = 128 * 1024;

/**
 * PEM of the certificate authorities that sidecars trust beside the public ones. Read for each flow, so that a rotation needs no restart. Throws
 * `invalid-config` if the file has none.
 */
export async function readAuthorities({
  caFile,
}: Pick<Config['pods'], 'caFile'>): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  try {
    const pem = await readFile(caFile, 'utf8');
    if (pem.length > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    parseFirst(pem);
    return pem;
  } catch (cause) {
    const problem = `${caFile} is none: ${messageOf(cause)}`;
    throw new ServiceError(
      'invalid-config',
      `pods.caFile: expected a PEM file with certificates, but ${problem}`,
      { cause },
    );
  }
}

/** Throws if it is not PEM. */
function parseFirst(pem: string): X509Certificate {
  return new X509Certificate(pem);
}
