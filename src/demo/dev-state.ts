import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve, basename, dirname } from 'node:path';
import { isServiceError, messageOf, ServiceError } from '../errors.ts';
import { askToStop, holdControlSocket, isHeld, type ControlSocket } from './control-socket.ts';
import type { DevFacts } from './describe-dev.ts';

/** What is known of a `dev` in the background. */
export interface DevState {
  facts: DevFacts;
  pid: number;
}

/** A folder of the user alone, in which at most one `dev` keeps where it is and what it logs. */
export class DevStateFolder {
  readonly path: string;
  readonly log: string;
  readonly #state: string;
  readonly #control: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.log = join(this.path, 'dev.log');
    this.#state = join(this.path, 'dev.json');
    this.#control = join(this.path, 'control');
  }

  /** Made if it is not there; nobody else may look into it. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      await chmod(this.path, 0o700);
    } catch (cause) {
      const text = `--state: expected a folder of yours that can be written, received "${this.path}": ${messageOf(cause)}`;
      throw new ServiceError('invalid-request', text, { cause });
    }
  }

  /** Throws `conflict` while another `dev` has it. */
  async hold(): Promise<ControlSocket> {
    try {
      return await holdControlSocket(this.#control);
    } catch (error) {
      if (!isServiceError(error, 'conflict')) throw error;
      throw await this.#taken(error);
    }
  }

  async throwIfTaken(): Promise<void> {
    if (await isHeld(this.#control)) throw await this.#taken();
  }

  /** Appears whole, or not at all. */
  async save(state: DevState): Promise<void> {
    const draft = `${this.#state}.${state.pid}`;
    await writeFile(draft, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    await rename(draft, this.#state);
  }

  /** Of a `dev` that runs and is ready; else undefined. */
  async load(): Promise<DevState | undefined> {
    return (await isHeld(this.#control)) ? await this.#read() : undefined;
  }

  /** Resolves when it has ended; false if none runs. Also removes what one that was killed has left. */
  async stop(millis: number): Promise<boolean> {
    if (await this.#ask(millis)) return true;
    if (!existsSync(this.path)) return false;
    const control = await this.hold();
    try {
      await this.sweep();
      await this.forget();
    } finally {
      await control.close();
    }
    return false;
  }

  /** For the holder, before it starts: removes what a `dev` that was killed has left. */
  async sweep(): Promise<void> {
    const left = await this.#read();
    if (left !== undefined) await removeDevFolder(left.facts);
    await rm(this.#state, { force: true });
  }

  /** For the holder, at its end. */
  async forget(): Promise<void> {
    await rm(this.#state, { force: true });
    await rm(this.log, { force: true });
  }

  async #ask(millis: number): Promise<boolean> {
    try {
      return await askToStop(this.#control, AbortSignal.timeout(millis));
    } catch (cause) {
      const { pid = 'unknown' } = (await this.#read()) ?? {};
      const text = `dev (process ${pid}) did not end within ${millis / 1000} s: end it with SIGKILL, then say "dev stop" again`;
      throw new ServiceError('deadline-exceeded', text, { cause });
    }
  }

  async #read(): Promise<DevState | undefined> {
    try {
      return JSON.parse(await readFile(this.#state, 'utf8')) as DevState;
    } catch {
      return undefined;
    }
  }

  async #taken(cause?: unknown): Promise<ServiceError> {
    const state = await this.#read();
    const which = state === undefined ? 'it is starting' : `${state.facts.service}, process ${state.pid}`;
    const advice = 'end it with "dev stop", or give this one a folder of its own with --state';
    return new ServiceError('conflict', `a dev runs in the background already (${which}): ${advice}`, {
      cause,
    });
  }
}

/** As the XDG Base Directory Specification has it. */
export function defaultStateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: given } = env;
  const base = given === undefined || given === '' ? join(homedir(), '.local', 'state') : given;
  return join(base, 'edc-job-provisioner', 'dev');
}

const prefix = 'edc-job-provisioner-dev-';

export interface DevFolder extends AsyncDisposable {
  path: string;
}

/** Holds all that a `dev` keeps, for its user alone. */
export async function makeDevFolder(): Promise<DevFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** That of a `dev` which was killed. Does nothing to any other folder, whatever was written down. */
async function removeDevFolder({ environmentFile }: { environmentFile: string }): Promise<void> {
  const path = dirname(environmentFile);
  if (basename(path).startsWith(prefix)) await remove(path);
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
