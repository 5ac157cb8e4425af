import { readFile } from 'node:fs/promises';
import { messageOf, ServiceError } from '../errors.ts';
import type { ClusterUser } from './load-kube-config.ts';

/** The authority that a connection to the API server trusts, and its client certificate. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
  servername?: string;
}

export interface TlsSource {
  /** Returns the same object as long as nothing has changed. `certificate` replaces the kubeconfig's. */
  current(certificate: { cert: string; key: string } | undefined): Promise<TlsMaterial>;
}

/** Authorities and certificates are replaced days before the old ones expire. */
const rereadMillis = 30_000;

/** Reads the files again from time to time: a rotated authority or certificate needs no restart. */
export function createTlsSource(
  access: ClusterUser,
  clock: () => number = () => performance.now(),
): TlsSource {
  let read: TlsMaterial | undefined;
  let readAt = -Infinity;
  let latest: TlsMaterial | undefined;
  let reading: Promise<TlsMaterial> | undefined;

  async function readAgain(): Promise<TlsMaterial> {
    try {
      return await readMaterial(access);
    } catch (cause) {
      // In the middle of a rotation: the material read before is used until it is refused.
      if (read !== undefined) return read;
      throw new ServiceError(
        'invalid-config',
        `cluster.kubeconfig: a certificate or key that it names cannot be read: ${messageOf(cause)}`,
        { cause, field: 'cluster.kubeconfig' },
      );
    }
  }
  return {
    async current(certificate) {
      if (read === undefined || clock() - readAt >= rereadMillis) {
        reading ??= readAgain().finally(() => {
          reading = undefined;
          readAt = clock();
        });
        read = await reading;
      }
      const wanted = { ...read, ...certificate };
      if (latest === undefined || !isSame(latest, wanted)) latest = wanted;
      return latest;
    },
  };
}

async function readMaterial({ cluster, user }: ClusterUser): Promise<TlsMaterial> {
  const { caFile, caData, skipTLSVerify, tlsServerName } = cluster;
  const { certFile, certData, keyFile, keyData } = user ?? {};
  const [ca, cert, key] = await Promise.all([
    readPem(caFile, caData),
    readPem(certFile, certData),
    readPem(keyFile, keyData),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(skipTLSVerify ? { rejectUnauthorized: false } : {}),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
  };
}

async function readPem(file: string | undefined, data: string | undefined): Promise<string | undefined> {
  if (file) return await readFile(file, 'utf8');
  return data ? Buffer.from(data, 'base64').toString() : undefined;
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.ca === other.ca && one.cert === other.cert && one.key === other.key;
}
