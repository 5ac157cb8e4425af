import { test } from 'node:test';
import { needing } from '../support/needs.ts';

/** Unit tests that ask a store, told which one by the environment like the scenarios. */
const files = [
  'storage/minio-store',
  'storage/mint-credentials',
  'storage/upload/put-object',
  'storage/upload/upload-file',
  'sidecar/run-sidecar',
  'result/with-a-store',
];

const { skip } = needing('other store');
for (const file of files) {
  const path = `../unit/${file}.test.ts`;
  if (skip === false) await import(path);
  else test(path, { skip });
}
