import { isServiceError } from '../../errors.ts';
import type { DataAddress, Outcome, FailureReason } from '../../flow/outcome.ts';
import type { Flow } from '../../flow/flow.ts';
import { buildDataAddress } from '../../result/build-data-address.ts';
import type { Manifest } from '../../result/manifest.ts';
import { readManifest } from '../../result/read-manifest.ts';
import type { Reconciler } from '../reconciler.ts';

export type AddressedResults = { address: DataAddress } | { reason: FailureReason; message: string };

interface Succeeded {
  flow: Flow;
  outcome: Extract<Outcome, { phase: 'succeeded' }>;
  /** If it was verified just now: it is not read again. */
  manifest?: Manifest | undefined;
}

/** The address of verified results, or why there are none any more: they may have been touched since. */
export async function addressResults(
  deps: Reconciler,
  { flow, outcome, manifest }: Succeeded,
  signal: AbortSignal,
): Promise<AddressedResults> {
  const connector = deps.config.connectors.find(({ name }) => name === flow.request.connector);
  const reading = manifest === undefined ? await readVerified(deps, { flow, outcome }, signal) : { manifest };
  if ('reason' in reading) return reading;
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

async function readVerified(
  { store }: Reconciler,
  { flow, outcome }: Succeeded,
  signal: AbortSignal,
): Promise<{ manifest: Manifest } | { reason: FailureReason; message: string }> {
  const { attempt, manifestSha256 } = outcome.results;
  try {
    const reading = await readManifest({ store, flow: flow.name, attempt }, signal);
    if (!reading.found) return { reason: reading.reason, message: reading.message };
    if (reading.stored.sha256 === manifestSha256) return { manifest: reading.stored.manifest };
    return { reason: 'results-changed', message: 'the manifest was changed after it was verified' };
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
    return { reason: 'bucket-missing', message: 'the bucket does not exist any more' };
  }
}
