import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const scripts = fileURLToPath(new URL('../servers/', import.meta.url));
const deadlineMillis = 180_000;

/**
 * Lets a script of `test/servers` act on the cluster of a test with `needing('own control plane')`, and returns what it prints:
 * `runOnServers('node', 'kubelet', '2', 'stop')` is `test/servers/node kubelet DIR 2 stop`. The test puts back what it took away.
 */
export async function runOnServers(
  script: 'control-plane' | 'node' | 'kwok',
  command: string,
  ...rest: string[]
): Promise<string> {
  const directory = process.env['TEST_CLUSTER_DIRECTORY'];
  if (directory === undefined) throw new Error('TEST_CLUSTER_DIRECTORY: expected the folder of a cluster');
  const options = { timeout: deadlineMillis, killSignal: 'SIGKILL' as const };
  const { stdout } = await promisify(execFile)(`${scripts}${script}`, [command, directory, ...rest], options);
  return stdout;
}
