import { hash } from 'node:crypto';
import { resultsUrlOf } from '../../config/config.ts';
import { isFinal } from '../../flow/delivery.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import { manifestKey } from '../../flow/keys.ts';
import type { InboxAddress } from '../../flow/outcome.ts';
import type { PushEnd } from '../../flow/push.ts';
import { inboxAddress } from '../../result/inbox-address.ts';
import type { Manifest } from '../../result/manifest.ts';
import { readManifest } from '../../result/read-manifest.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import { deliverLater } from './deliver-later.ts';
import { waitForResume } from './deliver-outcome.ts';
import { pausePush } from './push-results.ts';
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
    { flow, of: 'readiness', message: { kind: 'prepared', inbox: inboxOf(deps, flow) }, abandonAfter },
    signal,
  );
}

function inboxOf({ config, secrets }: Reconciler, { name, request }: Flow): InboxAddress {
  const resultsUrl = resultsUrlOf(config, request.connector);
  return inboxAddress({ flow: name, request, resultsUrl, keys: secrets.resultKeys });
}

/** As a push does, a fetch runs beside the queue: the step starts it, and its end causes the next pass. So does the collection of an inbox. */
export function decideFetch({ flow }: ObservedFlow): Step<'fetch' | 'pause-push'> | undefined {
  const { protocol } = flow;
  if (protocol?.fetches !== true && protocol?.collects !== true) return undefined;
  if (protocol.access === 'paused') return pausePush(flow);
  return { kind: 'fetch', run: (deps, signal) => fetchData(deps, flow, signal) };
}

async function fetchData(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { pushes } = deps;
  if (pushes.isRunning(flow.name)) return untilWoken;
  const { end, pauseMillis } = pushes.endOf(flow);
  if (end !== undefined) {
    const step = await endFetch(deps, { flow, end }, signal);
    pushes.remove(flow.name);
    return step;
  }
  if (pauseMillis > 0) return { kind: 'requeue', millis: pauseMillis };
  pushes.start(flow);
  return untilWoken;
}

/** The proof of a success is the manifest that the fetch has written. */
async function endFetch(
  deps: Reconciler,
  { flow, end }: { flow: Flow; end: PushEnd },
  signal: AbortSignal,
): Promise<StepResult> {
  const at = deps.now().toISOString();
  if (end.result === 'failed') {
    const outcome = { phase: 'failed', at, reason: 'fetch-failed', message: end.problem } as const;
    return await setOutcome(deps, { flow, outcome }, signal);
  }
  const reading = await readManifest({ store: deps.store, flow: flow.name, attempt: flow.uid }, signal);
  if (!reading.found) {
    const { reason, message } = reading;
    return await setOutcome(deps, { flow, outcome: { phase: 'failed', at, reason, message } }, signal);
  }
  const { manifest, sha256, etag } = reading.stored;
  const results = {
    attempt: flow.uid,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
    manifestSha256: sha256,
    manifestEtag: etag,
  };
  return await setOutcome(deps, { flow, outcome: { phase: 'succeeded', at, results }, manifest }, signal);
}

const untilWoken: StepResult = { kind: 'requeue', millis: undefined };

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
