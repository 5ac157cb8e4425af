import type { EnvFileVersion } from '../flow/flow-plan.ts';
import type { EnvFile } from '../template/env-files.ts';

/** The asset whose jobs have the variables of the file, or only those for one consumer. */
export interface EnvFileOwner {
  connector: string;
  assetId: string;
  /** The policy's assignee; absent: the file of the asset, for all consumers. */
  consumer?: string | undefined;
}

/** One version of an env file, as the bucket has it. */
export interface StoredEnvFile extends EnvFileOwner, EnvFileVersion {
  secret: boolean;
  /** The file was deleted by this version. */
  deleted?: true;
  /** Against which it was checked. */
  template: string;
  /** Of its variables. */
  names: string[];
  /** Bytes. */
  size: number;
  /** RFC 3339. */
  createdAt: string;
  createdBy: string;
  /** As it was sent, of a file that is not secret. */
  content?: string;
  /** The Secret with the content. */
  secretName?: string;
}

/** A file that was checked. */
export type NewEnvFile = Pick<StoredEnvFile, 'secret' | 'template' | 'names' | 'createdBy'> & {
  content: string;
};

/** The env files that the next job gets. */
export interface EnvFileSource {
  /**
   * Always of the store, so that a file is used as soon as it is stored, at every replica. Throws `store-unavailable` or
   * `cluster-unavailable` if that takes too long.
   */
  current(owner: EnvFileOwner, signal: AbortSignal): Promise<EnvFile[]>;
}

/** Of the current version, in quotes. */
export function etagOf({ version, digest }: EnvFileVersion): string {
  return `"${version}-${digest.slice(0, 16)}"`;
}
