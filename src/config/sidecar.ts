import { ServiceError } from '../errors.ts';

/** What a pod's uploader is told; every name is an environment variable `SIDECAR_…` that the pod's builder writes. */
export interface SidecarSettings {
  /** Where the worker's results appear. */
  results: string;
  /** A folder of the sidecar’s own, which survives its restarts: the journal, and the file that the startup probe tests. */
  state: string;
  /** The mounted Secret with the store's keys. */
  credentials: string;
  flow: string;
  /** Pod UID. */
  attempt: string;
  endpoint: string;
  region: string;
  bucket: string;
  /** From SIGTERM to SIGKILL. */
  graceSeconds: number;
  /** Free files that the worker renamed into `done/` once they are stored. */
  releaseAfterUpload: boolean;
  terminationMessage: string;
  /** Between two looks at the results while the worker runs. */
  pollMillis: number;
  /** A file is settled when it has not changed for this long. */
  settleMillis: number;
  /** Of silence on a connection to the store. */
  requestTimeoutMillis: number;
}

type Environment = Record<string, string | undefined>;

/** Throws `invalid-config` naming every variable that is missing or wrong. */
export function loadSidecarSettings(environment: Environment = process.env): SidecarSettings {
  const problems: string[] = [];
  function text(name: string): string {
    const value = environment[name] ?? '';
    if (value === '') problems.push(`${name} is not set`);
    return value;
  }
  function number(name: string, fallback?: number): number {
    const raw = environment[name] ?? '';
    const value = raw === '' ? fallback : Number(raw);
    if (value !== undefined && Number.isSafeInteger(value) && value > 0) return value;
    problems.push(`${name} must be a positive whole number, not "${raw}"`);
    return 0;
  }
  const settings = {
    results: text('SIDECAR_RESULTS'),
    state: text('SIDECAR_STATE'),
    credentials: text('SIDECAR_CREDENTIALS'),
    flow: text('SIDECAR_FLOW'),
    attempt: text('SIDECAR_ATTEMPT'),
    endpoint: text('SIDECAR_ENDPOINT'),
    region: text('SIDECAR_REGION'),
    bucket: text('SIDECAR_BUCKET'),
    graceSeconds: number('SIDECAR_GRACE_SECONDS'),
    releaseAfterUpload: readBoolean(environment, 'SIDECAR_RELEASE_AFTER_UPLOAD', problems),
    terminationMessage: text('SIDECAR_TERMINATION_MESSAGE'),
    pollMillis: number('SIDECAR_POLL_MILLIS', 2_000),
    settleMillis: number('SIDECAR_SETTLE_MILLIS', 5_000),
    requestTimeoutMillis: number('SIDECAR_REQUEST_TIMEOUT_MILLIS', 30_000),
  };
  checkEndpoint(settings.endpoint, problems);
  if (problems.length > 0) throw new ServiceError('invalid-config', problems.join('; '));
  return settings;
}

function readBoolean(environment: Environment, name: string, problems: string[]): boolean {
  const value = environment[name] ?? 'false';
  if (value !== 'true' && value !== 'false') problems.push(`${name} must be true or false, not "${value}"`);
  return value === 'true';
}

function checkEndpoint(endpoint: string, problems: string[]): void {
  if (endpoint === '') return;
  const url = URL.parse(endpoint);
  const plain = url !== null && url.pathname === '/' && url.search === '' && url.username === '';
  if (plain && (url.protocol === 'http:' || url.protocol === 'https:')) return;
  problems.push('SIDECAR_ENDPOINT must be http:// or https:// with a host and nothing after it');
}
