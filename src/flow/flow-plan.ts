/** What a data address points at: always bytes, never a listing. */
export type ResultChoice =
  | { kind: 'file'; path: string }
  /** The only file if there is exactly one, else the archive. */
  | { kind: 'auto'; archive: ArchiveFormat }
  | { kind: 'archive'; archive: ArchiveFormat };

export type ArchiveFormat = 'zip' | 'tar';

/** `service`: through our own results endpoint; `presigned`: straight from the store. Both are HttpData. */
export type DataAddressKind = 'service' | 'presigned';

/** Everything of the template that is needed after acceptance, frozen on the Job: templates may change meanwhile. */
export interface FlowPlan {
  template: string;
  templateDigest: string;
  image: string;
  /** Immutable ConfigMap with the template's `files/`, named by digest. */
  filesConfigMap?: string;
  /** Secret with the secret parameters, written before the Job. */
  parametersSecret?: string;
  results: {
    choice: ResultChoice;
    address: DataAddressKind;
    /** Paths that must be among the results, else `results-incomplete`. */
    required: string[];
    /** A worker that writes nothing has succeeded; absent: it is `results-missing`. */
    allowEmpty?: boolean;
    contentType?: string;
  };
  /** Seconds. */
  limits: { pending: number; run: number; upload: number; stopGrace: number };
  /** Seconds after the outcome until results are deleted. */
  retention: number;
}

/** The merged environment as it was at acceptance: inline, or too large for an annotation and in the bucket. */
export type StoredEnvironment = { values: Record<string, string> } | { key: string; sha256: string };
