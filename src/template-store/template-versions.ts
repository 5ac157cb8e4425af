import { ServiceError } from '../errors.ts';
import {
  readTemplateKey,
  templateKey,
  templatePrefix,
  templatesPrefix,
  type TemplateVersion,
} from '../flow/keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { addJson } from '../storage/upload/put-object.ts';
import type { GivenFiles } from './given-files.ts';

/** One version of a template that was stored by the API. */
export interface StoredVersion extends TemplateVersion {
  /** Hex digest of the files; empty if the template was deleted by this version. */
  digest: string;
  deleted?: true;
  /** RFC 3339. */
  createdAt: string;
  /** The name of a key. */
  createdBy: string;
}

/** The same as the bucket has it. */
export interface StoredTemplate extends StoredVersion {
  files: GivenFiles;
}

export interface VersionDependencies {
  store: Pick<ObjectStore, 'list' | 'read' | 'remove'>;
  /** For writes that must not replace another one's version. */
  uploads: StoreAccess;
}

/** A text may have six bytes in JSON for one in its file. */
const objectLimitBytes = 64 * 1024 * 1024;

/** The last version of each name, also of deleted templates. */
export async function listLatest(
  { store }: VersionDependencies,
  signal: AbortSignal,
): Promise<TemplateVersion[]> {
  const latest = new Map<string, TemplateVersion>();
  for await (const { key } of store.list(templatesPrefix, signal)) {
    const found = readTemplateKey(key);
    if (found !== undefined) latest.set(found.name, found);
  }
  return [...latest.values()];
}

/** Undefined if it was removed, since another version has taken its place. */
export async function readVersion(
  { store }: VersionDependencies,
  wanted: TemplateVersion,
  signal: AbortSignal,
): Promise<StoredTemplate | undefined> {
  const key = templateKey(wanted);
  const object = await store.read(key, objectLimitBytes, signal);
  if (object === undefined) return undefined;
  try {
    return JSON.parse(object.bytes?.toString('utf8') ?? '') as StoredTemplate;
  } catch (cause) {
    throw new ServiceError('internal', `${key} is not JSON`, { cause });
  }
}

/** False if another request has added this version. */
export async function addVersion(
  { uploads }: VersionDependencies,
  template: StoredTemplate,
  signal: AbortSignal,
): Promise<boolean> {
  return await addJson(uploads, { key: templateKey(template), value: template }, signal);
}

/** Jobs have all that they need of a former version. */
export async function removeFormer(
  { store }: VersionDependencies,
  { name, version }: TemplateVersion,
  signal: AbortSignal,
): Promise<void> {
  const former: string[] = [];
  for await (const { key } of store.list(templatePrefix(name), signal)) {
    const found = readTemplateKey(key);
    if (found !== undefined && found.version < version) former.push(key);
  }
  if (former.length > 0) await store.remove(former, signal);
}
