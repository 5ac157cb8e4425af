import { join } from 'node:path';
import { spawnSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { once } from 'node:events';

/** Starts a control plane without a node, on the loopback, and returns the path of its kubeconfig. */
export async function startKubernetes(folder: string, stack: AsyncDisposableStack): Promise<string> {
  const directory = join(folder, 'kubernetes');
  await install('etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl');
  // With upstream's defaults thousands of Jobs wait for the Job controller, which this bench does not measure.
  const env = { K8S_CONTROLLER_QPS: '1000', K8S_CONTROLLER_ARGS: '--concurrent-job-syncs=20' };
  await startServer({ script: 'control-plane', directory, env }, stack);
  return join(directory, 'kubeconfig');
}

/** Adds nodes whose pods run no containers to the control plane that `startKubernetes` started in the same folder. */
export async function startFakeNodes(folder: string, stack: AsyncDisposableStack): Promise<void> {
  await install('kwok');
  await startServer({ script: 'kwok', directory: join(folder, 'kubernetes'), args: ['10'] }, stack);
}

export interface RealStore {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** Starts MinIO on a free port of the loopback. */
export async function startMinio(folder: string, stack: AsyncDisposableStack): Promise<RealStore> {
  const directory = join(folder, 'minio');
  await install('minio');
  const values = parseEnv(await startServer({ script: 'minio', directory }, stack));
  return {
    endpoint: values['S3_ENDPOINT'] ?? '',
    accessKeyId: values['S3_ACCESS_KEY'] ?? '',
    secretAccessKey: values['S3_SECRET_KEY'] ?? '',
    region: values['S3_REGION'] ?? 'us-east-1',
  };
}

type ServerScript = 'minio' | 'control-plane' | 'kwok';

/** Builds the binaries of servers and tools that are not built yet. */
export async function install(...names: string[]): Promise<void> {
  await runCommand(pathOf('install'), names);
}

interface ServerToStart {
  script: ServerScript;
  directory: string;
  /** Arguments after the directory. */
  args?: string[];
  env?: Record<string, string>;
}

const started = new Set<ServerToStart>();

/** Starts a server that stops with the stack, or with `stopServers`, and returns the output of its script. */
async function startServer(server: ServerToStart, stack: AsyncDisposableStack): Promise<string> {
  const { script, directory, args = [], env } = server;
  started.add(server);
  stack.defer(async () => {
    started.delete(server);
    await runCommand(pathOf(script), ['stop', directory]);
  });
  return await runCommand(pathOf(script), ['start', directory, ...args], env);
}

/** Stops the servers of an interrupted bench, the last one first. */
export function stopServers(): void {
  for (const { script, directory } of [...started].reverse()) spawnSync(pathOf(script), ['stop', directory]);
}

function pathOf(script: ServerScript | 'install'): string {
  return fileURLToPath(new URL(`../../test/servers/${script}`, import.meta.url));
}

/** Runs a program to its end and returns its standard output. Throws with the end of its error output unless it exits with 0. */
export async function runCommand(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  const errorOutput: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errorOutput.push(text));
  await once(child, 'close');
  if (child.exitCode === 0) return output.join('');
  throw new Error(
    `${program} ${args.join(' ')} ended with ${String(child.exitCode)}: ${errorOutput.join('').slice(-2000)}`,
  );
}
