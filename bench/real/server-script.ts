import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

type Script = 'install' | 'minio' | 'control-plane';

/** Runs one of the scripts that install, start and stop real servers on this machine; answers what it prints. */
export async function runServerScript(
  script: Script,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const path = fileURLToPath(new URL(`../../test/servers/${script}`, import.meta.url));
  return await runCommand(path, args, env);
}

/** Builds it unless that was done before; answers where it is. */
export async function installTool(name: 'mc' | 'rclone'): Promise<string> {
  await runServerScript('install', [name]);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'edc-job-provisioner', 'bin', name);
}
