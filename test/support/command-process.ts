import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withCompileCache } from '../../scripts/compile-cache.ts';
import { waitUntil } from './wait-until.ts';

/** Where `npm run` finds its scripts. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const executable = fileURLToPath(new URL('../../bin/edc-job-provisioner.js', import.meta.url));

export interface CommandOptions {
  env?: Record<string, string>;
  /** What is started with the arguments, in place of our own program. */
  program?: readonly string[];
  /** In place of an empty folder. */
  folder?: string;
  /** In a process group of its own, as a terminal does it: what it starts there gets the group's signals too. */
  inGroup?: boolean;
  /** All of its standard input. Default: there is none. */
  input?: string;
}

/** A command as a user runs it, in an empty folder and with a folder of its own for temporary files. */
export class CommandProcess {
  /** Its working directory. */
  readonly folder: string;
  /** What is left in it when the command has ended was forgotten. */
  readonly temporary: string;
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(
    folders: { folder: string; temporary: string },
    args: readonly string[],
    options: CommandOptions,
  ) {
    const { env = {}, program = [process.execPath, executable], folder, inGroup = false, input } = options;
    this.folder = folder ?? folders.folder;
    this.temporary = folders.temporary;
    // Also under a bare `node --test`: else npm leaves its compile cache in the temporary folder.
    const inherited = withCompileCache(process.env);
    const { PATH, HOME, NODE_V8_COVERAGE, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = inherited;
    const compiling = { NODE_V8_COVERAGE, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE };
    const [file = '', ...first] = program;
    this.child = spawn(file, [...first, ...args], {
      detached: inGroup,
      cwd: this.folder,
      env: { PATH, HOME, ...compiling, TMPDIR: this.temporary, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(input);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /** To all of its process group, as a terminal does it. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.signalCode ?? child.exitCode;
  }

  /** Resolves when it has said so on standard output; rejects if it ends without. */
  async said(what: RegExp): Promise<RegExpExecArray> {
    const found = await waitUntil(
      `it says ${what.source} or ends`,
      () => what.exec(this.stdout) ?? (this.child.exitCode !== null && 'ended'),
      { deadlineMs: 120_000 },
    );
    if (found === 'ended') throw new Error(`it never said ${what.source}:\n${this.stdout}\n${this.stderr}`);
    return found;
  }

  /** Resolves when no process is left that knows of its temporary folder. */
  async nothingRuns(): Promise<void> {
    await waitUntil('all its processes have ended', async () => {
      const left = await processesThatName(this.temporary);
      if (left.length > 0) throw new Error(`processes ${left.join(', ')} are left`);
      return true;
    });
  }

  async leftovers(): Promise<string[]> {
    return await readdir(this.temporary);
  }
}

/** Ended, and its folders removed, with the test. */
export async function startCommand(
  t: TestContext,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandProcess> {
  const base = await mkdtemp(join(tmpdir(), 'edc-jp-command-'));
  const folders = { folder: join(base, 'work'), temporary: join(base, 'tmp') };
  for (const path of Object.values(folders)) await mkdir(path);
  const command = new CommandProcess(folders, args, options);
  t.after(async () => {
    command.child.kill('SIGKILL');
    await command.ended();
    await command.nothingRuns();
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  });
  await once(command.child, 'spawn');
  return command;
}

/** By arguments and environment; where there is no /proc nothing can be said, and nothing is. */
async function processesThatName(path: string): Promise<string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const naming: string[] = [];
  for (const id of ids) {
    const [line, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')),
    );
    if (`${line ?? ''}${environment ?? ''}`.includes(path)) naming.push(id);
  }
  return naming;
}
