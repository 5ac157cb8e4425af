import { isServiceError } from '../errors.ts';
import type { DataAddress } from '../flow/data-address.ts';
import type { Flow } from '../flow/flow.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { FailureReason } from '../flow/reasons.ts';
import { buildDataAddress } from '../result/build-data-address.ts';
import type { Manifest } from '../result/manifest.ts';
import { readManifest, type ManifestReading } from '../result/read-manifest.ts';
import type { Reconciler } from './reconciler.ts';

export type AddressedResults = { address: DataAddress } | { reason: FailureReason; message: string };

interface Succeeded {
  flow: Flow;
  outcome: Extract<Outcome, { phase: 'succeeded' }>;
}

/** The address of verified results, or why there are none any more: they may have been touched since. */
export async function addressResults(
  deps: Reconciler,
  { flow, outcome }: Succeeded,
  signal: AbortSignal,
): Promise<AddressedResults> {
  const connector = deps.config.connectors.find(({ name }) => name === flow.request.connector);
  const reading = await findManifest(deps, { flow, outcome }, signal);
  if (!reading.found) return { reason: reading.reason, message: reading.message };
  const address = await buildDataAddress({
    flow: flow.name,
    plan: flow.plan,
    outcome,
    manifest: reading.manifest,
    connector: { resultsUrl: connector?.resultsUrl ?? deps.config.http.publicUrl },
    keys: deps.secrets.resultKeys,
    store: deps.store,
    results: deps.config.results,
    now: deps.now(),
  });
  return { address };
}

type Found = { found: true; manifest: Manifest } | Unusable;
type Unusable = { found: false; reason: FailureReason; message: string };
type Reading = Extract<ManifestReading, { found: true }> | Unusable;

/** Read once if it was verified just now. */
async function findManifest(
  deps: Reconciler,
  { flow, outcome }: Succeeded,
  signal: AbortSignal,
): Promise<Found> {
  const verified = deps.verified.take(flow.name, outcome.results.manifestSha256);
  if (verified !== undefined) return { found: true, manifest: verified };
  const reading = await readVerified(deps, { flow, outcome }, signal);
  return reading.found ? { found: true, manifest: reading.stored.manifest } : reading;
}

async function readVerified(
  { store }: Reconciler,
  { flow, outcome }: Succeeded,
  signal: AbortSignal,
): Promise<Reading> {
  const { attempt, manifestSha256 } = outcome.results;
  try {
    const reading = await readManifest({ store, flow: flow.name, attempt }, signal);
    if (!reading.found || reading.stored.sha256 === manifestSha256) return reading;
    return {
      found: false,
      reason: 'results-changed',
      message: 'the manifest was changed after it was verified',
    };
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
    return { found: false, reason: 'bucket-missing', message: 'the bucket does not exist any more' };
  }
}
