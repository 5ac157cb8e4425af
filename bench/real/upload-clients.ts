import { join } from 'node:path';
import { executable, sidecarEnvironment, type SidecarStore } from '../bench-sidecar.ts';
import type { Results } from '../make-results.ts';
import { untilFile } from '../measured-process.ts';
import { startWatched, type Usage } from './measure.ts';

export interface UploadRun extends Usage {
  wallSeconds: number;
}

export interface UploadTask {
  folder: string;
  store: SidecarStore;
  results: Results;
  /** Prefix of this run; nothing is stored below it yet. */
  prefix: string;
}

export interface UploadClient {
  name: 'sidecar' | 'mc' | 'rclone';
  upload(task: UploadTask): Promise<UploadRun>;
}

/**
 * Measures from SIGTERM to the end, with everything still to upload: a sidecar has started long before its worker ends.
 * Its CPU time counts from its start.
 */
export const sidecarClient: UploadClient = {
  name: 'sidecar',
  async upload({ folder, store, results, prefix }) {
    const env = await sidecarEnvironment({ folder, store, results: results.folder, name: prefix });
    const watched = startWatched(process.execPath, [executable, 'sidecar'], env);
    await untilFile(join(folder, prefix, 'started'), watched.child);
    const start = performance.now();
    watched.child.kill('SIGTERM');
    const usage = await watched.ended;
    return { ...usage, wallSeconds: (performance.now() - start) / 1000 };
  },
};

/** `mc cp` of one file, `mc mirror` of a folder, with mc's defaults. */
export function mcClient(program: string): UploadClient {
  return {
    name: 'mc',
    async upload({ folder, store, results, prefix }) {
      const { host, protocol } = new URL(store.endpoint);
      const env = {
        MC_CONFIG_DIR: join(folder, 'mc'),
        MC_HOST_bench: `${protocol}//${store.accessKeyId}:${store.secretAccessKey}@${host}`,
      };
      const target = `bench/${store.bucket}/${prefix}/`;
      const [first = ''] = results.paths;
      const args =
        results.files === 1
          ? ['cp', '--quiet', join(results.folder, first), target]
          : ['mirror', '--quiet', results.folder, target];
      return await timed(program, args, env);
    },
  };
}

/** `rclone copyto` of one file, `rclone copy` of a folder, with rclone's defaults. */
export function rcloneClient(program: string): UploadClient {
  return {
    name: 'rclone',
    async upload({ store, results, prefix }) {
      const env = {
        RCLONE_CONFIG: '/dev/null',
        RCLONE_CONFIG_BENCH_TYPE: 's3',
        RCLONE_CONFIG_BENCH_PROVIDER: 'Minio',
        RCLONE_CONFIG_BENCH_ENDPOINT: store.endpoint,
        RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: store.accessKeyId,
        RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: store.secretAccessKey,
        RCLONE_CONFIG_BENCH_REGION: 'us-east-1',
      };
      const target = `bench:${store.bucket}/${prefix}`;
      const [first = ''] = results.paths;
      const args =
        results.files === 1
          ? ['copyto', join(results.folder, first), `${target}/${first}`]
          : ['copy', results.folder, target];
      return await timed(program, args, env);
    },
  };
}

async function timed(program: string, args: string[], env: Record<string, string>): Promise<UploadRun> {
  const start = performance.now();
  const usage = await startWatched(program, args, env).ended;
  return { ...usage, wallSeconds: (performance.now() - start) / 1000 };
}
