import { join } from 'node:path';
import { install, startServer } from './server-script.ts';

export interface RealStore {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** MinIO as a process of its own, on a free port of the loopback. */
export async function startMinio(folder: string, stack: AsyncDisposableStack): Promise<RealStore> {
  const directory = join(folder, 'minio');
  await install('minio');
  const values = readVariables(await startServer({ script: 'minio', directory }, stack));
  return {
    endpoint: values['S3_ENDPOINT'] ?? '',
    accessKeyId: values['S3_ACCESS_KEY'] ?? '',
    secretAccessKey: values['S3_SECRET_KEY'] ?? '',
    region: values['S3_REGION'] ?? 'us-east-1',
  };
}

function readVariables(text: string): Record<string, string> {
  const lines = text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm);
  return Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]));
}
