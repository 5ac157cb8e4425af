import { buildEnvFileSecret, readEnvFileSecret } from '../cluster-objects/env-file-secret.ts';
import { ServiceError } from '../errors.ts';
import { envFileKey, envFilePrefix, readEnvFileKey, type EnvFileFolder } from '../flow/keys.ts';
import { envFileLabel, envFileVersionLabel } from '../flow/labels.ts';
import { envFileId, envFileSecretName, keySegment } from '../flow/names.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { listAll } from '../kubernetes/resource-client.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { putJsonOnce } from '../storage/upload/put-object.ts';
import type { EnvFileOwner, StoredEnvFile } from './env-file.ts';
import { jsonPayload } from '../storage/upload/ask-store.ts';

export interface VersionDependencies {
  store: Pick<ObjectStore, 'list' | 'read' | 'remove'>;
  /** For writes that must not replace another one's version. */
  uploads: StoreAccess;
  cluster: Pick<Cluster, 'secrets'>;
}

function folderOf({ connector, assetId, consumer }: EnvFileOwner): EnvFileFolder {
  const asset = keySegment(assetId);
  return { connector, asset, ...(consumer === undefined ? {} : { consumer: keySegment(consumer) }) };
}

function idOf({ connector, assetId, consumer }: EnvFileOwner): string {
  return envFileId([connector, assetId, ...(consumer === undefined ? [] : [consumer])]);
}

/** The numbers of all stored versions, the latest last. */
export async function listVersions(
  { store }: Pick<VersionDependencies, 'store'>,
  owner: EnvFileOwner,
  signal: AbortSignal,
): Promise<number[]> {
  const versions: number[] = [];
  for await (const { key } of store.list(envFilePrefix(folderOf(owner)), signal)) {
    const version = readEnvFileKey(key);
    if (version !== undefined) versions.push(version);
  }
  return versions;
}

/** The content may have six bytes in JSON for one in the file. */
const objectLimitBytes = 16 * 1024 * 1024;

export async function readVersion(
  { store }: Pick<VersionDependencies, 'store'>,
  { owner, version }: { owner: EnvFileOwner; version: number },
  signal: AbortSignal,
): Promise<StoredEnvFile | undefined> {
  const key = envFileKey(folderOf(owner), version);
  const object = await store.read(key, objectLimitBytes, signal);
  if (object?.bytes === undefined) return undefined;
  try {
    return JSON.parse(object.bytes.toString('utf8')) as StoredEnvFile;
  } catch (cause) {
    throw new ServiceError('internal', `${key} is not JSON`, { cause });
  }
}

/** Undefined if its Secret is gone. */
export async function readContent(
  { cluster }: Pick<VersionDependencies, 'cluster'>,
  { content, secretName }: StoredEnvFile,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (secretName === undefined) return content;
  const secret = await cluster.secrets.get(secretName, signal);
  return secret && readEnvFileSecret(secret);
}

/** Writes the content of a version that is still to be added, and returns the name of the Secret. */
export async function addSecret(
  { cluster }: Pick<VersionDependencies, 'cluster'>,
  {
    owner,
    version,
    nonce,
    content,
  }: { owner: EnvFileOwner; version: number; nonce: string; content: string },
  signal: AbortSignal,
): Promise<string> {
  const id = idOf(owner);
  const name = envFileSecretName({ id, version: String(version), nonce });
  await cluster.secrets.add(buildEnvFileSecret(name, { id, version, content }), signal);
  return name;
}

/** Throws `precondition-failed` if another request has added this version. */
export async function addVersion(
  { uploads }: Pick<VersionDependencies, 'uploads'>,
  file: StoredEnvFile,
  signal: AbortSignal,
): Promise<void> {
  const key = envFileKey(folderOf(file), file.version);
  await putJsonOnce(uploads, { key, payload: jsonPayload(file) }, signal);
}

/** Removes versions and Secrets of lower numbers, also Secrets whose version was never added. */
export async function removeVersions(
  { store, cluster }: Pick<VersionDependencies, 'store' | 'cluster'>,
  { owner, below }: { owner: EnvFileOwner; below: { versions: number; secrets: number } },
  signal: AbortSignal,
): Promise<void> {
  const folder = folderOf(owner);
  const versions = await listVersions({ store }, owner, signal);
  const old = versions.filter((version) => version < below.versions);
  const keys = old.map((version) => envFileKey(folder, version));
  if (keys.length > 0) await store.remove(keys, signal);
  for await (const { metadata } of listAll(cluster.secrets, `${envFileLabel}=${idOf(owner)}`, signal)) {
    if (Number(metadata?.labels?.[envFileVersionLabel]) < below.secrets)
      await cluster.secrets.delete(metadata?.name ?? '', {}, signal);
  }
}
