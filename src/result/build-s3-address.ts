import type { ResultsConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { Outcome, ReadableObjects, S3DataAddress } from '../flow/outcome.ts';
import type { ReadAccess } from '../storage/read-access.ts';
import { chooseBytes } from './choose-bytes.ts';
import { fileKey, type Manifest } from './manifest.ts';

export interface S3AddressRequest {
  flow: string;
  plan: FlowPlan;
  outcome: Extract<Outcome, { phase: 'succeeded' }>;
  /** Verified. */
  manifest: Manifest;
  readAccess: ReadAccess;
  results: Pick<ResultsConfig, 'addressSeconds' | 's3KeySeconds'>;
  now: Date;
}

/** Shorter sessions are refused by S3 servers. */
const minSessionSeconds = 900;

/**
 * The files of the results in the store, or the one that the template chose, with new keys: a repeat after some hours must not hand out
 * expired ones. Nothing keeps them but the address. Throws `object-missing` if the chosen file is not among the results, and `gone` after
 * the time in which results may be fetched.
 */
export async function buildS3Address(
  { flow, plan, outcome, manifest, readAccess, results, now }: S3AddressRequest,
  signal: AbortSignal,
): Promise<S3DataAddress> {
  const until = Date.parse(outcome.at) + results.addressSeconds * 1000;
  const left = Math.floor((until - now.getTime()) / 1000);
  if (left <= 0) throw new ServiceError('gone', 'the time in which the results may be fetched is over');
  const seconds = Math.max(minSessionSeconds, Math.min(left, results.s3KeySeconds));
  const objects = objectsOf({ flow, plan, outcome, manifest });
  return { type: 'AmazonS3', ...(await readAccess.grant({ flow, objects, seconds }, signal)) };
}

type Chosen = Pick<S3AddressRequest, 'flow' | 'plan' | 'outcome' | 'manifest'>;

function objectsOf({ flow, plan, outcome, manifest }: Chosen): ReadableObjects {
  const { attempt } = outcome.results;
  const { choice } = plan.results;
  // An archive is not an object of the store.
  if (choice.kind !== 'file') return { prefix: fileKey(flow, attempt, '') };
  const chosen = chooseBytes(choice, manifest);
  if (chosen?.kind === 'file') return { key: fileKey(flow, attempt, chosen.file.key) };
  throw new ServiceError('object-missing', 'the file that the template chose is not among the results');
}
