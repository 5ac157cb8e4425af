import type { Flow } from '../../flow/flow.ts';
import type { Outcome, ResultsSummary } from '../../flow/outcome.ts';
import { requiredPaths } from '../../result/choose-bytes.ts';
import { verifyResults } from '../../result/verify-results.ts';
import type { SidecarReport } from '../../flow/sidecar-report.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';

export interface AttemptToVerify {
  flow: Flow;
  attempt: string;
  report: Extract<SidecarReport, { manifest: unknown }>['manifest'];
}

/** The fourth proof of success: what the store lists agrees with the manifest that the sidecar reported. */
export async function verifyAttempt(
  deps: Reconciler,
  { flow, attempt, report }: AttemptToVerify,
  signal: AbortSignal,
): Promise<StepResult> {
  const verified = await verifyResults(
    {
      store: deps.store,
      flow: flow.name,
      attempt,
      report,
      required: requiredPaths(flow.plan.results),
      allowEmpty: flow.plan.results.allowEmpty === true,
    },
    signal,
  );
  const at = deps.now().toISOString();
  if (verified.verdict === 'failed') {
    const { reason, message } = verified;
    return await setOutcome(deps, { flow, outcome: { phase: 'failed', at, reason, message } }, signal);
  }
  const outcome: Outcome = { phase: 'succeeded', at, results: summarize(attempt, report) };
  return await setOutcome(deps, { flow, outcome, manifest: verified.manifest }, signal);
}

function summarize(
  attempt: string,
  { files, bytes, sha256, etag }: AttemptToVerify['report'],
): ResultsSummary {
  return { attempt, files, bytes, manifestSha256: sha256, manifestEtag: etag };
}
