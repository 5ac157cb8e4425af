import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';
import type { Settings } from './settings.ts';

export interface ServiceOptions {
  /** In messages, and in the name of its settings file. */
  name: string;
  port: number;
  settings: Settings;
  /** Secrets; nothing else of the test's own environment is passed on. */
  env: Record<string, string>;
  folder: string;
}

const executable = fileURLToPath(new URL('../../bin/edc-job-provisioner.js', import.meta.url));
/** Options of Node, as in the image's ENTRYPOINT. */
export const nodeOptions = ['--max-semi-space-size=4'];
const keptLines = 2000;
/** cluster, namespace, rights, bucket, credentials; s3-addresses is one more for templates that want it. */
const startupChecks = 5;
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE'];

/** The service as its own process, which may be killed and started again on the same port with the same settings. */
export class ServiceProcess {
  readonly url: string;
  readonly #options: ServiceOptions;
  readonly #lines: string[] = [];
  /** Start-up checks that this life has logged. */
  readonly #checks = new Set<string>();
  #child: ChildProcess | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  get running(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Its last lines, over all of its lives. */
  get log(): readonly string[] {
    return this.#lines;
  }

  /** Each line of the log that is an entry; a reader filters by `msg`, `flowId`, `level`. */
  get entries(): Record<string, unknown>[] {
    return this.#lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Settings);
  }

  /**
   * Resolves once it is ready and its start-up checks are logged, so that their requests are over where requests are counted;
   * rejects with its log if it ends before, or is not ready in time.
   */
  async start(): Promise<void> {
    const child = await this.launch();
    try {
      await waitUntil('the service is ready or has ended', async () => {
        if (hasEnded(child)) return true;
        // Requests that are refused until it listens would cost more than the rest of a small scenario.
        return this.#checks.size >= startupChecks && (await this.isReady());
      });
    } catch (cause) {
      throw new Error(this.#complaint('is not ready'), { cause });
    }
    if (hasEnded(child)) throw new Error(this.#complaint('ended before it was ready'));
  }

  /** Starts it without waiting for anything but its process. */
  async launch(): Promise<ChildProcess> {
    if (this.running) throw new Error(`${this.#options.name} runs already`);
    const { name, settings, folder, env } = this.#options;
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(settings, null, 2));
    const child = spawn(process.execPath, [...nodeOptions, executable, 'serve'], {
      env: { ...ownEnvironment(), ...env, EDC_JP_CONFIG: file },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#checks.clear();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#remember(line);
      });
    }
    await once(child, 'spawn');
    return child;
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.status === 200;
  }

  async health(): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(30_000) });
    return (await response.json()) as Record<string, unknown>;
  }

  /** SIGKILL: what the power cable does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGSTOP: a process that gets no turn, as on a machine that is starved or moved. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGTERM, then its exit code; SIGKILL if it does not end in a minute, which is an error. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return child?.exitCode ?? null;
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await this.#end('SIGTERM');
    clearTimeout(timer);
    if (child.signalCode === 'SIGKILL') throw new Error(this.#complaint('did not end on SIGTERM'));
    return child.exitCode;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child !== undefined && !hasEnded(this.#child)) await once(this.#child, 'exit');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  #remember(line: string): void {
    this.#lines.push(line);
    const check = /"check":"(\w+)".*"msg":"start-up check/.exec(line)?.[1];
    if (check !== undefined) this.#checks.add(check);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  #complaint(what: string): string {
    return [`${this.#options.name} ${what}; its log ends with:`, ...this.#lines.slice(-30)].join('\n');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
}
