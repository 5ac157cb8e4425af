import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve, basename, dirname } from 'node:path';
import { isServiceError, messageOf, ServiceError } from '../../errors.ts';
import { askToStop, holdControlSocket, isHeld, type ControlSocket } from './control-socket.ts';
import type { DevFacts } from './describe-dev.ts';

/** A `dev` in the background. */
export interface DevState {
  facts: DevFacts;
  pid: number;
}

/** A folder that only its user can read. At most one `dev` keeps its addresses, keys and log there. */
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

  /** Creates the folder if it does not exist, and closes it to other users. Throws `conflict` while another `dev` holds it. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      await chmod(this.path, 0o700);
    } catch (cause) {
      const text = `--state: expected a folder that you own and can write, received "${this.path}": ${messageOf(cause)}`;
      throw new ServiceError('invalid-request', text, { cause });
    }
    if (await isHeld(this.#control)) throw await this.#taken();
  }

  /** Takes the folder's lock. Throws `conflict` while another `dev` holds it. */
  async hold(): Promise<ControlSocket> {
    try {
      return await holdControlSocket(this.#control);
    } catch (error) {
      if (!isServiceError(error, 'conflict')) throw error;
      throw await this.#taken(error);
    }
  }

  /** Atomic: a reader sees all of the state or none. */
  async save(state: DevState): Promise<void> {
    const draft = `${this.#state}.${state.pid}`;
    await writeFile(draft, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    await rename(draft, this.#state);
  }

  /** The state of a `dev` that runs and is ready; otherwise undefined. */
  async load(): Promise<DevState | undefined> {
    return (await isHeld(this.#control)) ? await this.#read() : undefined;
  }

  /** Ends the `dev` that runs; false if none does. Also removes the files of a killed one. */
  async stop(millis: number): Promise<boolean> {
    if (await this.#ask(millis)) return true;
    if (!existsSync(this.path)) return false;
    await using stack = new AsyncDisposableStack();
    stack.use(await this.hold());
    await this.sweep();
    await this.clear();
    return false;
  }

  /** For the holder, before it starts: removes the files of a killed `dev`. */
  async sweep(): Promise<void> {
    const left = await this.#read();
    if (left !== undefined) await removeDevFolder(left.facts);
    await rm(this.#state, { force: true });
  }

  /** For the holder, at its end. */
  async clear(): Promise<void> {
    await rm(this.#state, { force: true });
    await rm(this.log, { force: true });
  }

  async #ask(millis: number): Promise<boolean> {
    try {
      return await askToStop(this.#control, AbortSignal.timeout(millis));
    } catch (cause) {
      const { pid = 'unknown' } = (await this.#read()) ?? {};
      const text = `dev (process ${pid}) did not end within ${millis / 1000} s: end it with SIGKILL, then run "dev stop" again`;
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
    return new ServiceError('conflict', `another dev runs in the background (${which}): ${advice}`, {
      cause,
    });
  }
}

/** Follows the XDG Base Directory Specification. */
export function defaultStateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: given } = env;
  const base = given === undefined || given === '' ? join(homedir(), '.local', 'state') : given;
  return join(base, 'edc-job-provisioner', 'dev');
}

const prefix = 'edc-job-provisioner-dev-';

export interface DevFolder extends AsyncDisposable {
  path: string;
}

/** A temporary folder for the data of a `dev`, which only its user can read. */
export async function makeDevFolder(): Promise<DevFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** Removes the folder of a killed `dev`. Checks its name first, so that a wrong state file cannot name another folder. */
async function removeDevFolder({ environmentFile }: { environmentFile: string }): Promise<void> {
  const path = dirname(environmentFile);
  if (basename(path).startsWith(prefix)) await remove(path);
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
