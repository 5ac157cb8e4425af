import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SidecarReport } from '../../src/flow/sidecar-report.ts';
import type { Manifest } from '../../src/result/manifest.ts';
import { openUploads, storedKeys } from './s3-client.ts';
import { readObject, type TestStore } from './test-store.ts';
import { waitUntil } from './wait-until.ts';

const executable = fileURLToPath(new URL('../../bin/edc-job-provisioner.js', import.meta.url));

export interface SidecarOptions {
  /** Another address of the store, e.g. a proxy's. */
  endpoint?: string;
  env?: Record<string, string>;
  /** Run as this user, who owns the folders. */
  uid?: number;
}

/** The sidecar of one pod as a process of its own, with the folders that its pod would have. */
export class SidecarProcess implements AsyncDisposable {
  readonly folder: string;
  readonly results: string;
  readonly flow = 'flow-test';
  readonly attempt = `attempt-${randomBytes(5).toString('hex')}`;
  readonly log: string[] = [];
  readonly #store: TestStore;
  readonly #options: SidecarOptions;
  #child: ChildProcess | undefined;

  static async create(store: TestStore, options: SidecarOptions = {}): Promise<SidecarProcess> {
    const sidecar = new SidecarProcess(await mkdtemp(join(tmpdir(), 'sidecar-')), store, options);
    for (const folder of ['results', 'state', 'credentials']) await mkdir(join(sidecar.folder, folder));
    await sidecar.writeCredentials(store.keys);
    const { uid } = options;
    for (const folder of uid === undefined ? [] : ['.', 'state'])
      await chown(join(sidecar.folder, folder), uid ?? 0, 0);
    return sidecar;
  }

  private constructor(folder: string, store: TestStore, options: SidecarOptions) {
    this.folder = folder;
    this.results = join(folder, 'results');
    this.#store = store;
    this.#options = options;
  }

  async writeCredentials(keys: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(keys)) {
      await writeFile(join(this.folder, 'credentials', name), value);
    }
  }

  /** Until its startup probe would pass. */
  async start(): Promise<void> {
    const started = join(this.folder, 'state', 'started');
    await rm(started, { force: true });
    const env = { ...process.env, ...this.#environment(), ...this.#options.env };
    const identity = this.#options.uid === undefined ? {} : { uid: this.#options.uid };
    const child = spawn(process.execPath, [executable, 'sidecar'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity,
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.log.push(text));
    const ended = new AbortController();
    child.once('close', () => {
      ended.abort(new Error(`the sidecar ended: ${this.log.join('')}`));
    });
    await waitUntil('the sidecar to start', async () => (await readFile(started)).length === 0, {
      signal: ended.signal,
    });
  }

  /** As the kubelet does when the worker has ended; answers the exit code, null if it was killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) throw new Error('the sidecar was not started');
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async report(): Promise<SidecarReport> {
    return JSON.parse(await readFile(join(this.folder, 'termination-message'), 'utf8')) as SidecarReport;
  }

  /** The paths of the files that the journal lists as stored. */
  async storedPaths(): Promise<string[]> {
    const lines = (await readFile(join(this.folder, 'state', 'journal.jsonl'), 'utf8'))
      .split('\n')
      .filter(Boolean);
    const events = lines.map((line) => JSON.parse(line) as { event: string; file?: { path: string } });
    return events.filter(({ event }) => event === 'stored').map(({ file }) => file?.path ?? '');
  }

  async manifest(): Promise<Manifest> {
    return JSON.parse((await this.manifestBytes()).toString('utf8')) as Manifest;
  }

  async manifestBytes(): Promise<Buffer> {
    return readObject(this.#store, `${this.#prefix()}manifest.json`);
  }

  /** Reads a result by its key in the manifest. */
  async content(key: string): Promise<Buffer> {
    return readObject(this.#store, `${this.#prefix()}files/${key}`);
  }

  /** What the store holds of this attempt, relative to its prefix. */
  async storedKeys(): Promise<string[]> {
    const prefix = this.#prefix();
    return (await storedKeys(this.#store, prefix)).map((key) => key.slice(prefix.length));
  }

  /** How many multipart uploads of a result are under way; by its whole key, since MinIO lists by nothing less. */
  async openUploads(key: string): Promise<number> {
    return (await openUploads(this.#store, `${this.#prefix()}files/${key}`)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning()) await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  #prefix(): string {
    return `flows/${this.flow}/${this.attempt}/`;
  }

  #environment(): Record<string, string> {
    const { endpoint, region, bucket } = this.#store;
    return {
      // Tests list what is stored.
      SIDECAR_PROGRESS_MILLIS: '600000',
      SIDECAR_RESULTS: this.results,
      SIDECAR_STATE: join(this.folder, 'state'),
      SIDECAR_CREDENTIALS: join(this.folder, 'credentials'),
      SIDECAR_FLOW: this.flow,
      SIDECAR_ATTEMPT: this.attempt,
      SIDECAR_ENDPOINT: this.#options.endpoint ?? endpoint,
      SIDECAR_REGION: region,
      SIDECAR_BUCKET: bucket,
      SIDECAR_GRACE_SECONDS: '120',
      SIDECAR_RELEASE_AFTER_UPLOAD: 'false',
      SIDECAR_TERMINATION_MESSAGE: join(this.folder, 'termination-message'),
      SIDECAR_POLL_MILLIS: '50',
      SIDECAR_SETTLE_MILLIS: '1',
      SIDECAR_REQUEST_TIMEOUT_MILLIS: '1000',
    };
  }
}
