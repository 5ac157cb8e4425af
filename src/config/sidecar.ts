import { ServiceError } from '../errors.ts';
import { inputsVariable, type FlowInput } from '../flow/flow-input.ts';
import { processEnvironment, type Environment } from './config.ts';

/** Settings of a pod's uploader. Each is an environment variable `SIDECAR_…` that the builder of the pod writes. */
export interface SidecarSettings {
  /** Folder in which the worker writes its results. */
  results: string;
  /** The sidecar's own folder, which survives its restarts: the journal, and the file that the startup probe tests. */
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
  /** Delete files that the worker renamed into `done/` once they are stored. */
  releaseAfterUpload: boolean;
  terminationMessage: string;
  /** Between two scans of the results while the worker runs. */
  pollMillis: number;
  /** A file is settled when it has not changed for this long. */
  settleMillis: number;
  /** Between two reports of the progress. */
  progressMillis: number;
  /** Longest silence on a connection to the store. */
  requestTimeoutMillis: number;
  /** Absent: none. */
  inputs?: SidecarInputs;
}

/** Files that it fetches before the worker starts. */
export interface SidecarInputs {
  list: FlowInput[];
  /** The mounted Secret with the URLs, by the name of their input. */
  urls: string;
  /** Time to fetch all of them. */
  seconds: number;
}

/** Throws one `invalid-config` that names every variable which is missing or wrong. */
export function loadSidecarSettings(environment: Environment = processEnvironment()): SidecarSettings {
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
  function boolean(name: string): boolean {
    const value = environment[name] ?? 'false';
    if (value !== 'true' && value !== 'false') problems.push(`${name} must be true or false, not "${value}"`);
    return value === 'true';
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
    releaseAfterUpload: boolean('SIDECAR_RELEASE_AFTER_UPLOAD'),
    terminationMessage: text('SIDECAR_TERMINATION_MESSAGE'),
    pollMillis: number('SIDECAR_POLL_MILLIS', 2_000),
    settleMillis: number('SIDECAR_SETTLE_MILLIS', 5_000),
    progressMillis: number('SIDECAR_PROGRESS_MILLIS', 3_000),
    requestTimeoutMillis: number('SIDECAR_REQUEST_TIMEOUT_MILLIS', 30_000),
  };
  const list = readInputs(environment[inputsVariable], problems);
  const inputs =
    list === undefined
      ? {}
      : { inputs: { list, urls: text('SIDECAR_INPUT_URLS'), seconds: number('SIDECAR_INPUT_SECONDS') } };
  if (settings.endpoint !== '' && !isPlainEndpoint(settings.endpoint))
    problems.push('SIDECAR_ENDPOINT must be http:// or https:// with a host and nothing after it');
  if (problems.length > 0) throw new ServiceError('invalid-config', problems.join('; '));
  return { ...settings, ...inputs };
}

/** The builder of the pod has written them: only their form is checked. */
function readInputs(text: string | undefined, problems: string[]): FlowInput[] | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as FlowInput[];
  } catch {
    problems.push(`${inputsVariable} must be JSON`);
    return undefined;
  }
}

function isPlainEndpoint(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.pathname === '/' && url.search === '' && url.username === '';
}
