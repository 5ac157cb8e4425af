import type { FlowInput } from './flow-input.ts';

/** The bytes that a data address points at; never a listing. */
export type ResultChoice =
  | { kind: 'file'; path: string }
  /** The only file if there is exactly one, else the archive. */
  | { kind: 'auto'; archive: ArchiveFormat }
  | { kind: 'archive'; archive: ArchiveFormat };

export type ArchiveFormat = 'zip' | 'tar';

export const dataAddressKinds = ['service', 'presigned', 's3'] as const;

/**
 * `service`: through our own results endpoint; `presigned`: straight from the store. Both are HttpData. `s3`: AmazonS3, with keys that read
 * these results.
 */
export type DataAddressKind = (typeof dataAddressKinds)[number];

/** In place of a template's name, for a flow that receives. */
export const receiverTemplate = 'receive';

/** A flow that receives and has not ended by then is given up. */
export const receiverLifetimeSeconds = 30 * 24 * 3600;

/** A version of an env file. */
export interface EnvFileVersion {
  version: number;
  digest: string;
}

/** The versions with which a flow was accepted: of the asset's env file, and of the consumer's own. */
export type EnvFilesInUse = { [owner in 'asset' | 'consumer']?: EnvFileVersion };

/** Everything of the template that is needed after acceptance. It is kept on the Job, since templates may change. */
export interface FlowPlan {
  template: string;
  templateDigest: string;
  image: string;
  /** Immutable ConfigMap with the template's `files/`, named by digest. */
  filesConfigMap?: string;
  /** Secret with the secret parameters, written before the Job. */
  parametersSecret?: string;
  /** Absent: none. */
  envFiles?: EnvFilesInUse;
  results: {
    choice: ResultChoice;
    address: DataAddressKind;
    /** Paths that must be among the results, else `results-incomplete`. */
    required: string[];
    /** A worker that writes no file succeeds; absent: the flow fails with `results-missing`. */
    allowEmpty?: boolean;
    contentType?: string;
  };
  /** Files that the sidecar fetches before the worker starts. Absent: none. */
  inputs?: FlowInput[];
  /** Why the request can never be served: the flow fails without a run. */
  refused?: string;
  /** Seconds. */
  limits: { pending: number; run: number; upload: number; stopGrace: number };
  /** Seconds after the outcome until results are deleted. */
  retention: number;
  /** The service itself takes the data: the Job holds the flow's state and never starts a pod. */
  receives?: true;
}

/** The merged environment at acceptance: inline, or in the bucket if it is too large for an annotation. */
export type StoredEnvironment = { values: Record<string, string> } | { key: string; sha256: string };
