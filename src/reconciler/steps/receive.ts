import { hash } from 'node:crypto';
import { isFinal } from '../../flow/delivery.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import { manifestKey } from '../../flow/keys.ts';
import type { Manifest } from '../../result/manifest.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import { deliverLater } from './deliver-later.ts';
import { waitForResume } from './deliver-outcome.ts';
import { setOutcome, setOutcomeStep } from './set-outcome.ts';
import { wait } from './wait.ts';

/** Its connector was answered that the flow is being prepared, and waits to be called back. */
export function decideReadiness({ flow }: ObservedFlow): Step<'announce-readiness'> | undefined {
  const { protocol, readiness } = flow;
  if (protocol?.prepares !== true || protocol.acknowledged === true || isFinal(readiness)) return undefined;
  return { kind: 'announce-readiness', run: (deps, signal) => announceReadiness(deps, flow, signal) };
}

async function announceReadiness(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const abandonAfter = Date.parse(flow.createdAt) + deps.config.reconciler.deliverySeconds * 1000;
  return await deliverLater(
    deps,
    { flow, of: 'readiness', message: { kind: 'prepared' }, abandonAfter },
    signal,
  );
}

/** Nothing more arrives. While the transfer is suspended, it is not completed either. */
export function decideComplete({
  flow,
}: ObservedFlow): Step<'complete-receiver' | 'wait-for-resume'> | undefined {
  const { protocol } = flow;
  if (protocol?.complete !== true) return undefined;
  if (protocol.access === 'paused') return waitForResume;
  return { kind: 'complete-receiver', run: (deps, signal) => complete(deps, flow, signal) };
}

/** The manifest is written last, as a sidecar does it: without one there are no results. */
async function complete(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { name, uid } = flow;
  // The same bytes on every attempt: of two leaders, the later write changes nothing.
  const createdAt = flow.lastRequestAt ?? flow.createdAt;
  const manifest: Manifest = { version: 1, flow: name, attempt: uid, createdAt, files: [] };
  const body = Buffer.from(`${JSON.stringify(manifest)}\n`);
  const object = { key: manifestKey(name, uid), body, contentType: 'application/json' };
  const { etag } = await deps.store.put(object, signal);
  const results = {
    attempt: uid,
    files: 0,
    bytes: 0,
    manifestSha256: hash('sha256', body, 'hex'),
    manifestEtag: etag,
  };
  const at = deps.now().toISOString();
  return await setOutcome(deps, { flow, outcome: { phase: 'succeeded', at, results }, manifest }, signal);
}

/** Its pods run no deadlines, since there are none: one for the whole transfer takes their place. */
export function decideLifetime({ flow, now }: ObservedFlow): ReturnType<typeof setOutcomeStep | typeof wait> {
  const { run } = flow.plan.limits;
  const until = Date.parse(flow.createdAt) + run * 1000;
  if (until > now) return wait(until);
  const message = `The transfer did not end within ${run} s.`;
  const at = new Date(now).toISOString();
  return setOutcomeStep(flow, { phase: 'failed', at, reason: 'run-deadline-exceeded', message });
}
