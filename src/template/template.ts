import type { ArchiveFormat, DataAddressKind, ResultChoice } from '../flow/flow-plan.ts';
import type { Job } from '../kubernetes/types.ts';
import type { Config } from '../config/config.ts';

/** One loaded folder of `jobs-templates/`: checked, with defaults applied. Shorthand folders load into the same shape. */
export interface Template {
  name: string;
  directory: string;
  /** sha256 of everything in the folder that decides what runs. */
  digest: string;
  description: string;
  assets: TemplateAsset[];
  /** JSON Schema 2020-12 of type object; properties with `writeOnly` are secret. */
  parameters: ParametersSchema;
  /** The operator's Job with its placeholders, as parsed from `job.yaml`. */
  job: Job;
  /** `job.env`. */
  environment: Record<string, string>;
  /** `files/`: name → content, mounted read-only. */
  files: Record<string, Buffer>;
  filesMountPath: string;
  results: {
    /** Absolute path in the worker's container: the shared volume's mount. */
    directory: string;
    choice: ResultChoice;
    archive: ArchiveFormat;
    required: string[];
    contentType?: string;
    storage: { size: string; storageClass?: string };
    releaseAfterUpload: boolean;
    /** No file at all is a result too. */
    allowEmpty: boolean;
  };
  address: DataAddressKind;
  limits: { pending: number; run: number; upload: number; stopGrace: number };
  retention: number;
  security: { runAsUser: number };
  egress: string;
  gpu: number;
  pullSecrets: string[];
}

/** An asset that this template serves, and the parameters it is served with. */
export interface TemplateAsset {
  id: string;
  parameters: Record<string, unknown>;
}

export interface ParametersSchema {
  type: 'object';
  properties: Record<string, Record<string, unknown>>;
  required: string[];
}

/** A template with its parameters put in: all that `cluster-objects/` needs. */
export interface RenderedTemplate {
  template: Template;
  /** Placeholders replaced by typed values; still the operator's Job, nothing added. */
  job: Job;
  /** `job.env`, then the asset's environment, then validated parameters that are not secret. */
  environment: Record<string, string>;
  /** Parameters marked `writeOnly`. */
  secretEnvironment: Record<string, string>;
  /** Hex: what was rendered for which asset, without a word of its parameters. */
  digest: string;
}

export interface TemplateProblem {
  file: string;
  /** 1-based; absent if the whole file is meant. */
  line?: number;
  reason: string;
  /** A warning keeps nothing from running: the template can be used, and probably not for what its author thinks. */
  severity?: 'warning';
  /** Of something that is known to be wrong already, and so perhaps no problem at all: it is not told. */
  followUp?: true;
}

export function isWarning({ severity }: TemplateProblem): boolean {
  return severity === 'warning';
}

/** What a template is checked against, and what its omissions mean. */
export type TemplateSettings = Pick<Config, 'images' | 'pods' | 'store'>;
