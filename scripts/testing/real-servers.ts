import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { runInGroup } from './process-group.ts';
import type { Combination } from './combinations.ts';

const scripts = join(import.meta.dirname, '..', '..', 'test', 'servers');

/** The servers that `test/servers` runs in one folder; each starts when it is first needed. */
export class RealServers {
  readonly directory: string;
  #store: string | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Starts the servers of a combination and returns the variables that name them for tests. */
  async provide({ cluster, store }: Pick<Combination, 'cluster' | 'store'>, signal: AbortSignal) {
    const parts = [
      ...(cluster === 'real' && !this.#has('cluster.env') ? ['cluster'] : []),
      ...(store !== 'embedded' && store !== this.#store ? [store] : []),
    ];
    if (parts.length > 0) await this.#run(['start', this.directory, ...parts], signal);
    if (store !== 'embedded') this.#store = store;
    return {
      ...(cluster === 'real' ? this.#read('cluster.env') : {}),
      ...(store === 'embedded' ? {} : this.#read('store.env')),
    };
  }

  /** Tests are skipped without it. */
  async installTools(signal: AbortSignal): Promise<void> {
    await runInGroup(
      [join(scripts, 'install'), 'schemathesis', 'helm', 'prometheus'],
      { env: process.env },
      signal,
    );
    signal.throwIfAborted();
  }

  /** Stops all of them; an error says what is left on the machine. */
  async stop(): Promise<void> {
    await this.#run(['stop', this.directory], new AbortController().signal);
  }

  async #run([script = '', ...args]: string[], signal: AbortSignal): Promise<void> {
    const code = await runInGroup([join(scripts, script), ...args], { env: process.env }, signal);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`test/servers/${script} ${args.join(' ')} ended with ${code}`);
  }

  #has(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  #read(file: string): Record<string, string | undefined> {
    return parseEnv(readFileSync(join(this.directory, file), 'utf8'));
  }
}
