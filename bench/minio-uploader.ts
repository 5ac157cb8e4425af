import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Client } from 'minio';

const { env } = process;
const url = new URL(env['BENCH_ENDPOINT'] ?? '');
const client = new Client({
  endPoint: url.hostname,
  port: Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port),
  useSSL: url.protocol === 'https:',
  accessKey: env['BENCH_ACCESS_KEY'] ?? '',
  secretKey: env['BENCH_SECRET_KEY'] ?? '',
  region: 'us-east-1',
});
const folder = env['BENCH_FOLDER'] ?? '';
const entries = await readdir(folder, { recursive: true, withFileTypes: true });
const queue = entries.filter((entry) => entry.isFile()).values();

async function worker(): Promise<void> {
  for (const entry of queue) {
    const path = join(entry.parentPath, entry.name);
    await client.fPutObject(
      env['BENCH_BUCKET'] ?? '',
      `${env['BENCH_PREFIX'] ?? ''}${relative(folder, path)}`,
      path,
    );
  }
}
const start = performance.now();
await Promise.all(Array.from({ length: 16 }, worker));
process.stdout.write(String((performance.now() - start) / 1000));
