import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

type ServerScript = 'minio' | 'control-plane' | 'kwok';

/** Builds binaries for the servers and tools unless that was done before. */
export async function install(...names: string[]): Promise<void> {
  await runCommand(pathOf('install'), names);
}

/** Where a tool is that was installed. */
export function toolPath(name: 'mc' | 'rclone'): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'edc-job-provisioner', 'bin', name);
}

export interface ServerToStart {
  script: ServerScript;
  directory: string;
  /** After the directory. */
  args?: string[];
  env?: Record<string, string>;
}

const started = new Set<ServerToStart>();

/** Starts a server that ends with the stack, or with `stopServers`; answers what its script prints. */
export async function startServer(server: ServerToStart, stack: AsyncDisposableStack): Promise<string> {
  const { script, directory, args = [], env } = server;
  started.add(server);
  stack.defer(async () => {
    started.delete(server);
    await runCommand(pathOf(script), ['stop', directory]);
  });
  return await runCommand(pathOf(script), ['start', directory, ...args], env);
}

/** For a bench that is interrupted: at once, the last one first. */
export function stopServers(): void {
  for (const { script, directory } of [...started].reverse()) spawnSync(pathOf(script), ['stop', directory]);
}

function pathOf(script: ServerScript | 'install'): string {
  return fileURLToPath(new URL(`../../test/servers/${script}`, import.meta.url));
}
