import { randomUUID } from 'node:crypto';
import type { AttemptEnd } from '../../src/flow/attempt.ts';
import { createObjectStore } from '../../src/storage/minio-store.ts';
import type { Bucket } from './bucket.ts';
import { aJob } from './flow-job.ts';
import { aFlow } from './flow-values.ts';
import type { Namespace } from './namespace.ts';
import type { Servers } from './servers.ts';
import { storeResults } from './stand-in-results.ts';

export interface EndedFlow {
  /** Name of the Job, and the transfer's id. */
  name: string;
  connector: string;
  callbackAddress: string;
  /** How its worker ended. */
  worker: 'succeeded' | 'failed';
}

export interface FlowPlaces {
  namespace: Pick<Namespace, 'cluster'>;
  bucket: Pick<Bucket, 'name'>;
  s3: Pick<Servers['s3'], 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;
}

/**
 * Makes the Job of a flow whose pod has just ended, as the service leaves it: the attempt's end is written down, its results are in the
 * store, and nothing was decided yet. No pod runs, so that many flows cost little.
 */
export async function createEndedFlow(
  { namespace, bucket, s3 }: FlowPlaces,
  { name, connector, callbackAddress, worker }: EndedFlow,
): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const [attempt, now] = [randomUUID(), new Date().toISOString()];
  const storage = createObjectStore(
    { ...s3, publicEndpoint: s3.endpoint, bucket: bucket.name, requestTimeoutMillis: 60_000 },
    { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  );
  const report = await storeResults(storage.store, { flow: name, attempt, files: { 'a.txt': name } }, signal);
  storage.destroy();
  const end: AttemptEnd = {
    attempt,
    pod: `${name}-abcde`,
    worker: worker === 'succeeded' ? { exitCode: 0, reason: 'Completed' } : { exitCode: 1, reason: 'Error' },
    sidecar: { exitCode: 0, reason: 'Completed', message: JSON.stringify(report) },
    at: now,
  };
  const request = {
    ...aFlow().request,
    connector,
    ids: { transferProcessId: name, resourceDefinitionId: 'r' },
    callbackAddress,
    acceptedAt: now,
  };
  await namespace.cluster.jobs.create(
    aJob({ name, request, startedAt: now, lastRequestAt: now, attempt: end }),
    signal,
  );
}
