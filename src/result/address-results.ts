import { isServiceError } from '../errors.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { DataAddress, FailureReason, Outcome } from '../flow/outcome.ts';
import { buildDataAddress, type AddressRequest } from './build-data-address.ts';
import { buildS3Address, type S3AddressRequest } from './build-s3-address.ts';
import type { Manifest } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

export interface ResultsToAddress {
  flow: string;
  plan: FlowPlan;
  outcome: Extract<Outcome, { phase: 'succeeded' }>;
  /** If it was verified just now, so that it is not read again. */
  manifest?: Manifest | undefined;
}

export type AddressParts = Pick<AddressRequest, 'store' | 'keys' | 'connector' | 'now' | 'consumer'> &
  Pick<S3AddressRequest, 'readAccess'> & { results: AddressRequest['results'] & S3AddressRequest['results'] };

export type AddressedResults = { address: DataAddress } | { reason: FailureReason; message: string };

/** The address of verified results, or why they no longer exist: they may have been changed since. */
export async function addressResults(
  parts: AddressParts,
  results: ResultsToAddress,
  signal: AbortSignal,
): Promise<AddressedResults> {
  const { manifest } = results;
  const reading = manifest === undefined ? await readVerified(parts, results, signal) : { manifest };
  if ('reason' in reading) return reading;
  const request = { ...parts, ...results, manifest: reading.manifest };
  const isS3 = results.plan.results.address === 's3';
  return { address: isS3 ? await buildS3Address(request, signal) : await buildDataAddress(request) };
}

async function readVerified(
  { store }: Pick<AddressParts, 'store'>,
  { flow, outcome }: ResultsToAddress,
  signal: AbortSignal,
): Promise<{ manifest: Manifest } | { reason: FailureReason; message: string }> {
  const { attempt, manifestSha256 } = outcome.results;
  try {
    const reading = await readManifest({ store, flow, attempt }, signal);
    if (!reading.found) return { reason: reading.reason, message: reading.message };
    if (reading.stored.sha256 === manifestSha256) return { manifest: reading.stored.manifest };
    return { reason: 'results-changed', message: 'the manifest was changed after it was verified' };
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
    return { reason: 'bucket-missing', message: 'the bucket does not exist any more' };
  }
}
