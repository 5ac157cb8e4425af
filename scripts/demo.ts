// `npm run demo`: the command `demo`; with `--real` on servers that it installs, starts and stops.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInGroup, abortOnSignals } from './testing/process-group.ts';
import { RealServers } from './testing/real-servers.ts';
import { lacksFor } from './testing/requirements.ts';

const given = process.argv.slice(2);
const options = given.filter((option) => option !== '--real');
const program = join(import.meta.dirname, '..', 'bin', 'edc-job-provisioner.js');
const stack = { cluster: 'real', store: 'minio' } as const;

if (given.includes('--real')) {
  process.exitCode = await runOnRealServers();
} else {
  process.argv.splice(1, process.argv.length, program, 'demo', ...options);
  await import(pathToFileURL(program).href);
}

async function runOnRealServers(): Promise<number> {
  const lacks = lacksFor(stack);
  if (lacks.length > 0) {
    console.error(`--real: this machine lacks ${lacks.map(({ text }) => text).join('; ')}`);
    return 1;
  }
  const interruption = abortOnSignals();
  const servers = new RealServers(mkdtempSync(join(tmpdir(), 'edc-jp-demo-')));
  try {
    console.log('Starting Kubernetes with two nodes, and MinIO; what is missing is built once.');
    const env = { ...process.env, ...settingsFrom(await servers.provide(stack, interruption)) };
    return await runInGroup(
      [process.execPath, program, 'demo', '--external', ...options],
      { env },
      interruption,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await servers.stop();
    rmSync(servers.directory, { recursive: true, force: true });
  }
}

function settingsFrom(servers: Record<string, string | undefined>): Record<string, string | undefined> {
  return {
    EDC_JP_CLUSTER_KUBECONFIG: servers['TEST_KUBECONFIG'],
    EDC_JP_IMAGES_SIDECAR: servers['TEST_SIDECAR_IMAGE'],
    EDC_JP_STORE_ENDPOINT: servers['TEST_S3_ENDPOINT'],
    EDC_JP_STORE_REGION: servers['TEST_S3_REGION'],
    STORE_ACCESS_KEY_ID: servers['TEST_S3_ACCESS_KEY'],
    STORE_SECRET_ACCESS_KEY: servers['TEST_S3_SECRET_KEY'],
  };
}
