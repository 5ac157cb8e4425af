import { Type, type Static } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import type { Schema } from '../../schemas/schema-problem.ts';
import { ApiSettings } from './api.ts';
import { CompatibilitySettings } from './compatibility.ts';
import { ConnectorsSettings } from './connectors.ts';
import { EnvFilesSettings } from './env-files.ts';
import { HttpSettings } from './http.ts';
import { choice, dnsLabel, integer, names, text } from './kinds.ts';
import { InputsSettings } from './inputs.ts';
import { PodsSettings } from './pods.ts';
import { ReconcilerSettings } from './reconciler.ts';
import { StoreSettings } from './store.ts';
import { TemplatesSettings } from './templates.ts';
import { TransfersSettings } from './transfers.ts';
import { UploadsSettings } from './uploads.ts';

const ClusterSettings = closed({
  kubeconfig: Type.Optional(
    text('Path of a kubeconfig. Default: the credentials of the pod, else those of kubectl.'),
  ),
  context: Type.Optional(text('Context in the kubeconfig. Default: its current one.')),
  // Not the service's own namespace: a user who may create pods there could read the service's secrets.
  namespace: dnsLabel('Namespace of the Jobs.', { default: 'edc-jobs' }),
  requestTimeoutMillis: integer(
    { min: 100, max: 120_000, default: 10_000 },
    'Time for one request to the API server.',
  ),
});

const ImagesSettings = closed({
  sidecar: text('The service’s own image, which is also the sidecar’s.', {
    default: 'edc-job-provisioner:latest',
  }),
  sidecarPullPolicy: choice('imagePullPolicy of the sidecar.', ['Always', 'IfNotPresent', 'Never'], {
    default: 'IfNotPresent',
  }),
  allow: names('Images that templates may use: names, or prefixes that end in `*`.', { default: ['*'] }),
  pullSecrets: names('imagePullSecrets of every pod.'),
  allowedPullSecrets: names('Further imagePullSecrets that templates may name.'),
});

/** Every setting with its shape, default and meaning. The file and the environment are read by it. */
export const SettingsSchema = closed({
  http: HttpSettings,
  api: ApiSettings,
  compatibility: CompatibilitySettings,
  cluster: ClusterSettings,
  store: StoreSettings,
  connectors: ConnectorsSettings,
  templates: TemplatesSettings,
  envFiles: EnvFilesSettings,
  images: ImagesSettings,
  pods: PodsSettings,
  reconciler: ReconcilerSettings,
  transfers: TransfersSettings,
  uploads: UploadsSettings,
  inputs: InputsSettings,
  results: closed({
    // No S3 server accepts a presigned address that lives longer than seven days.
    addressSeconds: integer(
      { min: 60, max: 604_800, default: 604_800 },
      'Validity of a data address, unless its flow is deprovisioned before.',
    ),
    accessTokenSeconds: integer(
      { min: 1, max: 86_400, default: 300 },
      'Life of an access token of the HTTP profile, which its consumer can renew.',
    ),
    // Below, S3 servers refuse; AWS allows an hour unless the role says more.
    s3KeySeconds: integer(
      { min: 900, max: 43_200, default: 3600 },
      'Lifetime of the keys in a data address of the kind `s3`.',
    ),
    // Each download may hold about half a MiB of memory.
    maxDownloads: integer(
      { min: 1, max: 10_000, default: 100 },
      'Results that one replica sends at once; more wait ten seconds, then get a 503.',
    ),
  }),
  log: closed({
    level: choice(
      'Lowest level that is logged.',
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      { default: 'info' },
    ),
  }),
});

export type Settings = Static<typeof SettingsSchema>;

/** One leaf of the settings: a value, a list or a map. `variable` is its name in the environment. */
export interface Setting {
  path: string[];
  variable: string;
  schema: Schema;
}

export function listSettings(schema: Schema = SettingsSchema, path: string[] = []): Setting[] {
  if (schema.properties === undefined) return [{ path, variable: variableOf(path), schema }];
  return Object.entries(schema.properties).flatMap(([name, member]) => listSettings(member, [...path, name]));
}

/** `http.answerDeadlineMillis` is `EDC_JP_HTTP_ANSWER_DEADLINE_MILLIS`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return ['EDC_JP', ...words].join('_');
}
