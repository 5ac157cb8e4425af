import { createHash, randomBytes } from 'node:crypto';
import { isServiceError, ServiceError } from '../errors.ts';
import type { EnvFile } from '../template/env-files.ts';
import { withinDeadline } from '../until-aborted.ts';
import type { EnvFileOwner, EnvFileSource, NewEnvFile, StoredEnvFile } from './env-file.ts';
import {
  addSecret,
  addVersion,
  listVersions,
  readContent,
  readVersion,
  removeVersions,
  type VersionDependencies,
} from './env-file-versions.ts';
import { parseEnvFile } from './read-env-file.ts';

interface EnvFileDependencies extends VersionDependencies {
  now: () => Date;
  /** Versions that are kept of a file. */
  versions: number;
  /** Time for the answer to a request for a job. */
  answerMillis: number;
}

export interface EnvFiles extends EnvFileSource {
  /** The current version, or the given one, with its content; undefined if there is none. */
  read(
    wanted: { owner: EnvFileOwner; version?: number | undefined },
    signal: AbortSignal,
  ): Promise<(StoredEnvFile & { versions: number[] }) | undefined>;
  /** Adds a version, unless the current one has the same content. `check` may throw: it gets the current version. */
  write(
    wanted: { owner: EnvFileOwner; file: NewEnvFile; check: CheckCurrent },
    signal: AbortSignal,
  ): Promise<{ file: StoredEnvFile; created: boolean }>;
  /** Removes all content. False if there is none. */
  remove(
    wanted: { owner: EnvFileOwner; check: CheckCurrent; by: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}

type CheckCurrent = (current: StoredEnvFile | undefined) => void;

export function createEnvFiles(deps: EnvFileDependencies): EnvFiles {
  return {
    current: (owner, signal) => readCurrent(deps, owner, signal),
    read: (wanted, signal) => read(deps, wanted, signal),
    write: (wanted, signal) => write(deps, wanted, signal),
    remove: (wanted, signal) => remove(deps, wanted, signal),
  };
}

/** The rest is for the lookup of a repeat and for the answer, if the store does not answer. */
const partOfAnswer = 2 / 3;

async function readCurrent(
  deps: EnvFileDependencies,
  { connector, assetId, consumer }: EnvFileOwner,
  signal: AbortSignal,
): Promise<EnvFile[]> {
  const owners = [
    { connector, assetId },
    ...(consumer === undefined ? [] : [{ connector, assetId, consumer }]),
  ];
  async function readAll(within: AbortSignal): Promise<EnvFile[]> {
    return (await Promise.all(owners.map((owner) => readUsable(deps, owner, within)))).flat();
  }
  try {
    return await withinDeadline(readAll, deps.answerMillis * partOfAnswer, signal);
  } catch (error) {
    // Without its bucket nothing says that there are no env files.
    if (!isServiceError(error, 'deadline-exceeded', 'bucket-missing')) throw error;
    throw new ServiceError('store-unavailable', 'the env files cannot be read', { cause: error });
  }
}

/** A version may be removed while it is read, since another one has taken its place. */
const attempts = 5;

/** None, or one. */
async function readUsable(
  deps: EnvFileDependencies,
  owner: EnvFileOwner,
  signal: AbortSignal,
): Promise<EnvFile[]> {
  const kind = owner.consumer === undefined ? 'asset' : 'consumer';
  for (let attempt = 1; ; attempt += 1) {
    const { file } = await readLatest(deps, owner, signal);
    if (file === undefined) return [];
    const { version, digest, secret } = file;
    const content = await readContent(deps, file, signal);
    if (content !== undefined)
      return [{ owner: kind, version, digest, secret, values: parseEnvFile(content) }];
    if (attempt < attempts) continue;
    const message = `version ${version} of the ${kind}’s env file has lost its Secret: send the file again`;
    throw new ServiceError('invalid-parameters', message);
  }
}

interface Latest {
  /** The last number that was used; 0: none. */
  last: number;
  /** Absent: there is none, or it is deleted. */
  file?: StoredEnvFile;
}

async function readLatest(
  deps: EnvFileDependencies,
  owner: EnvFileOwner,
  signal: AbortSignal,
): Promise<Latest> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const last = (await listVersions(deps, owner, signal)).at(-1);
    if (last === undefined) return { last: 0 };
    const file = await readVersion(deps, { owner, version: last }, signal);
    if (file !== undefined) return file.deleted === true ? { last } : { last, file };
  }
  throw changing();
}

function changing(): ServiceError {
  return new ServiceError('unavailable', 'the env file is being changed by others; try again');
}

async function read(
  deps: EnvFileDependencies,
  { owner, version }: { owner: EnvFileOwner; version?: number | undefined },
  signal: AbortSignal,
): Promise<(StoredEnvFile & { versions: number[] }) | undefined> {
  const versions = await listVersions(deps, owner, signal);
  const wanted = version ?? versions.at(-1);
  if (wanted === undefined) return undefined;
  const file = await readVersion(deps, { owner, version: wanted }, signal);
  return file === undefined || file.deleted === true ? undefined : { ...file, versions };
}

async function write(
  deps: EnvFileDependencies,
  { owner, file, check }: { owner: EnvFileOwner; file: NewEnvFile; check: CheckCurrent },
  signal: AbortSignal,
): Promise<{ file: StoredEnvFile; created: boolean }> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { last, file: current } = await readLatest(deps, owner, signal);
    check(current);
    if (current !== undefined && isSame(current, file)) return { file: current, created: false };
    const added = await tryAdd(deps, { owner, version: last + 1, file }, signal);
    if (added === undefined) continue;
    // A failure is not reported: the next version removes what is left.
    const below = { versions: added.version - deps.versions + 1, secrets: added.version };
    await removeVersions(deps, { owner, below }, signal).catch(() => undefined);
    return { file: added, created: current === undefined };
  }
  throw changing();
}

/** A secret file always makes a version: nothing is kept by which its content could be guessed. */
function isSame(current: StoredEnvFile, file: NewEnvFile): boolean {
  return !file.secret && current.content === file.content && current.template === file.template;
}

/** Undefined if another request has added this version. */
async function tryAdd(
  deps: EnvFileDependencies,
  { owner, version, file }: { owner: EnvFileOwner; version: number; file: NewEnvFile & { deleted?: true } },
  signal: AbortSignal,
): Promise<StoredEnvFile | undefined> {
  const { content, ...members } = file;
  const nonce = randomBytes(4).toString('hex');
  const salt = file.secret ? randomBytes(16) : '';
  const secretName = file.secret
    ? await addSecret(deps, { owner, version, nonce, content }, signal)
    : undefined;
  const stored = {
    ...owner,
    version,
    digest: createHash('sha256').update(salt).update(content).digest('hex'),
    ...members,
    size: Buffer.byteLength(content),
    createdAt: deps.now().toISOString(),
    ...(secretName === undefined ? { content } : { secretName }),
  };
  try {
    await addVersion(deps, stored, signal);
    return stored;
  } catch (error) {
    if (!isServiceError(error, 'precondition-failed')) throw error;
    if (secretName !== undefined) await deps.cluster.secrets.delete(secretName, {}, signal);
    return undefined;
  }
}

async function remove(
  deps: EnvFileDependencies,
  { owner, check, by }: { owner: EnvFileOwner; check: CheckCurrent; by: string },
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { last, file: current } = await readLatest(deps, owner, signal);
    check(current);
    // The service may have died after it had added the version that deletes the others.
    if (current === undefined) {
      await removeVersions(deps, { owner, below: { versions: last, secrets: last } }, signal);
      return false;
    }
    const { template } = current;
    const file = { content: '', secret: false, template, names: [], createdBy: by, deleted: true } as const;
    const added = await tryAdd(deps, { owner, version: last + 1, file: { ...file, names: [] } }, signal);
    if (added === undefined) continue;
    const below = { versions: added.version, secrets: added.version };
    await removeVersions(deps, { owner, below }, signal);
    return true;
  }
  throw changing();
}
