import { messageOf } from '../../errors.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import { judgeAttempt } from '../../flow/judge-attempt.ts';
import type { Outcome, ResultsSummary } from '../../flow/outcome.ts';
import { requiredPaths } from '../../result/choose-bytes.ts';
import { verifyResults, type Verdict } from '../../result/verify-results.ts';
import type { SidecarReport } from '../../flow/sidecar-report.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';

export interface AttemptToVerify {
  flow: Flow;
  attempt: string;
  report: Extract<SidecarReport, { manifest: unknown }>['manifest'];
}

interface VerifyAttempt extends Step<'verify'>, Omit<AttemptToVerify, 'flow'> {}

/** Three of the four proofs of success hold: the saved end of an attempt says that its worker completed and its upload too. */
export function decideVerification({ flow }: ObservedFlow): VerifyAttempt | undefined {
  const verdict = flow.attempt && judgeAttempt(flow.attempt);
  if (flow.attempt === undefined || verdict?.verdict !== 'verify') return undefined;
  const verified = { attempt: flow.attempt.attempt, report: verdict.report };
  return {
    kind: 'verify',
    ...verified,
    run: (deps, signal) => verifyAttempt(deps, { flow, ...verified }, signal),
  };
}

/**
 * The fourth proof: the store's listing agrees with the manifest that the sidecar reported. If the store is out of reach, this throws and
 * is retried for as long as a delivery may take; then the flow fails.
 */
export async function verifyAttempt(
  deps: Reconciler,
  { flow, attempt, report }: AttemptToVerify,
  signal: AbortSignal,
): Promise<StepResult> {
  const verified = await verify(deps, { flow, attempt, report }, signal);
  const at = deps.now().toISOString();
  if (verified.verdict === 'failed') {
    const { reason, message } = verified;
    return await setOutcome(deps, { flow, outcome: { phase: 'failed', at, reason, message } }, signal);
  }
  const outcome: Outcome = { phase: 'succeeded', at, results: summarize(attempt, report) };
  return await setOutcome(deps, { flow, outcome, manifest: verified.manifest }, signal);
}

async function verify(
  { store, config, now }: Reconciler,
  { flow, attempt, report }: AttemptToVerify,
  signal: AbortSignal,
): Promise<Verdict> {
  const { results } = flow.plan;
  const required = requiredPaths(results);
  const allowEmpty = results.allowEmpty === true;
  try {
    return await verifyResults({ store, flow: flow.name, attempt, report, required, allowEmpty }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const seconds = config.reconciler.deliverySeconds;
    if (now().getTime() <= Date.parse(flow.attempt?.at ?? '') + seconds * 1000) throw error;
    const message = `The store could not be asked for the results within ${seconds} s: ${messageOf(error)}`;
    return { verdict: 'failed', reason: 'results-unverified', message };
  }
}

function summarize(
  attempt: string,
  { files, bytes, sha256, etag }: AttemptToVerify['report'],
): ResultsSummary {
  return { attempt, files, bytes, manifestSha256: sha256, manifestEtag: etag };
}
