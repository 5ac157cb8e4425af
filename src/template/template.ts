import type { ArchiveFormat, DataAddressKind, EnvFilesInUse, ResultChoice } from '../flow/flow-plan.ts';
import type { FlowInput } from '../flow/flow-input.ts';
import type { Job } from '../kubernetes/types.ts';
import type { Config } from '../config/config.ts';
import type { ContractPath } from './contract-path.ts';

/** A loaded folder of `jobs-templates/`: checked and completed with defaults. Shorthand folders have the same form. */
export interface Template {
  name: string;
  directory: string;
  /** sha256 of all files in the folder that decide what runs. */
  digest: string;
  description: string;
  assets: TemplateAsset[];
  /** JSON Schema 2020-12 of type object; properties with `writeOnly` are secret. */
  parameters: ParametersSchema;
  /** Parameters with `from`: the member of a contract that gives the value. */
  fromContract: Readonly<Record<string, ContractPath>>;
  /** Files that a request hands in. */
  inputs: TemplateInput[];
  /** The Job of `job.yaml`, with its placeholders. */
  job: Job;
  /** `job.env`. */
  environment: Record<string, string>;
  /** Variables that the env file of an asset may set; empty: the template takes no env files. */
  envFiles: string[];
  /** Contents of `files/` by name, mounted read-only. */
  files: Record<string, Buffer>;
  filesMountPath: string;
  results: {
    /** Absolute mount path of the shared volume in the worker's container. */
    directory: string;
    choice: ResultChoice;
    archive: ArchiveFormat;
    required: string[];
    contentType?: string;
    storage: { size: string; storageClass?: string };
    releaseAfterUpload: boolean;
    /** Whether a run without any file succeeds. */
    allowEmpty: boolean;
  };
  address: DataAddressKind;
  /** When a data flow of Data Plane Signaling starts: with its results, or with its request. */
  start: 'when-ready' | 'at-once';
  limits: { pending: number; run: number; upload: number; stopGrace: number };
  retention: number;
  security: { runAsUser: number };
  egress: string;
  gpu: number;
  pullSecrets: string[];
}

export interface TemplateInput {
  name: string;
  description: string;
  /** Without it, a request is refused. */
  required: boolean;
  /** Such as `video/mp4` or `video/*`; empty: any. */
  mediaTypes: string[];
  maxBytes: number;
  /** The file's name below `inputsDirectory`. */
  file: string;
}

/** An asset that this template serves, with its parameters. */
export interface TemplateAsset {
  id: string;
  parameters: Record<string, unknown>;
}

export interface ParametersSchema {
  type: 'object';
  properties: Record<string, Record<string, unknown>>;
  required: string[];
}

/** A template with values for its parameters: the input of `cluster-objects/`. */
export interface RenderedTemplate {
  template: Template;
  /** The Job with placeholders replaced by typed values, and nothing added. */
  job: Job;
  /** Merged from `job.env`, the asset's environment, and validated parameters that are not secret. */
  environment: Record<string, string>;
  /** Parameters marked `writeOnly`, and variables of secret env files. */
  secretEnvironment: Record<string, string>;
  /** The values that the request and its contract gave, secret ones included. */
  given: Readonly<Record<string, unknown>>;
  /** Hex digest of template, asset and env files, without parameters. */
  digest: string;
  /** The env files whose variables it has; absent: none. */
  envFiles?: EnvFilesInUse;
  inputs: FlowInput[];
  /** By the name of the input. They may hold secrets. */
  inputUrls: Record<string, string>;
}

/** An input of a request, for which the store or the configuration has been asked. */
export interface ResolvedInput {
  input: FlowInput;
  /** Absent for an object of the store. */
  url?: string;
}

export interface TemplateProblem {
  file: string;
  /** 1-based; absent if the problem concerns the whole file. */
  line?: number;
  reason: string;
  /** A template with a warning can be used, but probably does not do what its author expects. */
  severity?: 'warning';
  /** May only follow from a problem that is reported already; therefore not reported. */
  followUp?: true;
}

export function isWarning({ severity }: TemplateProblem): boolean {
  return severity === 'warning';
}

/** The settings that templates are checked against and take defaults from. */
export type TemplateSettings = Pick<Config, 'images' | 'pods' | 'store'>;
