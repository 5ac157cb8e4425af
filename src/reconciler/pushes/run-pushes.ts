import type { Dispatcher } from 'undici';
import { backOffMillis } from '../../back-off.ts';
import { readSinkSecret } from '../../cluster-objects/secrets.ts';
import { ServiceError } from '../../errors.ts';
import type { Flow } from '../../flow/flow.ts';
import { sinkSecretName } from '../../flow/names.ts';
import type { PushEnd } from '../../flow/push.ts';
import { flowLogger } from '../../log.ts';
import { readManifest } from '../../result/read-manifest.ts';
import { pushResults } from '../../transfer/push-results.ts';
import type { StoreAccess } from '../../storage/upload/ask-store.ts';
import { TransferPool } from '../../transfer/transfer-pool.ts';
import type { PushResult } from '../../transfer/types.ts';
import { systemClock } from '../../clock.ts';
import type { ReconcilerDependencies } from '../reconciler.ts';
import { deadlineOf, limitsOf } from './limits.ts';
import { keepUpload } from './keep-upload.ts';
import type { Pushes } from './pushes.ts';
import { receiveData } from './receive-data.ts';

export interface PushDependencies extends Pick<
  ReconcilerDependencies,
  'cluster' | 'store' | 'config' | 'now' | 'log'
> {
  dispatcher: Dispatcher;
  /** For data that is fetched. */
  uploads: StoreAccess;
}

interface Interruptions {
  count: number;
  /** Monotonic milliseconds. */
  until: number;
}

/** `wake` causes a pass over the flow. The pushes end with `signal`. */
export function runPushes(deps: PushDependencies, wake: (flow: string) => void, signal: AbortSignal): Pushes {
  const { concurrency, perConnector } = deps.config.transfers;
  const pool = new TransferPool({ concurrency, perSink: perConnector, onEnd: wake }, signal);
  const interrupted = new Map<string, Interruptions>();
  function pauseOf(name: string): number {
    return Math.max(0, (interrupted.get(name)?.until ?? 0) - performance.now());
  }
  /** An interruption is taken from the pool, so that another attempt may start after its pause. */
  function endOf(flow: Flow, result: PushResult): { end?: PushEnd; pauseMillis: number } {
    if (result.result !== 'interrupted') return { end: endBy(result, deps.now()), pauseMillis: 0 };
    pool.take(flow.name);
    const end = deadlineEnd(deps, { flow, problem: result.problem });
    if (end !== undefined) return { end, pauseMillis: 0 };
    const { count = 0 } = interrupted.get(flow.name) ?? {};
    interrupted.set(flow.name, pauseAfter(deps, { flow, count, result }));
    return { pauseMillis: pauseOf(flow.name) };
  }
  return {
    start(flow) {
      pool.start(flow.name, {
        sink: flow.request.connector,
        run: (stopping) =>
          flow.plan.receives === true ? receiveData(deps, flow, stopping) : push(deps, flow, stopping),
      });
    },
    async stop(name) {
      interrupted.delete(name);
      await pool.abort(name);
    },
    isRunning(name) {
      const state = pool.stateOf(name)?.state;
      return state === 'queued' || state === 'running';
    },
    endOf(flow) {
      const state = pool.stateOf(flow.name);
      if (state?.state === 'ended') return endOf(flow, state.result);
      return { pauseMillis: pauseOf(flow.name) };
    },
    remove(name) {
      interrupted.delete(name);
      pool.take(name);
    },
  };
}

function pauseAfter(
  { config, log }: PushDependencies,
  { flow, count, result }: { flow: Flow; count: number; result: PushResult & { result: 'interrupted' } },
): Interruptions {
  const millis = backOffMillis(config.reconciler.backoff, count + 1);
  flowLogger(log, flow.name).warn(
    { problem: result.problem, attempts: result.attempts, againAfterMillis: Math.round(millis) },
    'push interrupted',
  );
  return { count: count + 1, until: performance.now() + millis };
}

function deadlineEnd(
  deps: PushDependencies,
  { flow, problem }: { flow: Flow; problem: string },
): PushEnd | undefined {
  const now = deps.now();
  return now.getTime() < deadlineOf(deps.config, flow)
    ? undefined
    : { result: 'failed', at: now.toISOString(), problem };
}

function endBy(result: Exclude<PushResult, { result: 'interrupted' }>, now: Date): PushEnd {
  const at = now.toISOString();
  return result.result === 'done'
    ? { result: 'sent', at, bytes: result.bytes }
    : { result: 'failed', at, problem: result.problem };
}

async function push(deps: PushDependencies, flow: Flow, signal: AbortSignal): Promise<PushResult> {
  const { cluster, store } = deps;
  const { name, plan, outcome } = flow;
  if (outcome?.phase !== 'succeeded') throw new ServiceError('internal', 'a push without results');
  // A template may allow that (`results.allowEmpty`): there is nothing to send.
  if (outcome.results.files === 0) return { result: 'done', bytes: 0, attempts: 0 };
  const secret = await cluster.secrets.get(sinkSecretName(name), signal);
  if (secret === undefined)
    return { result: 'failed', problem: 'the Secret with the address of the sink is gone', attempts: 0 };
  const reading = await readManifest({ store, flow: name, attempt: outcome.results.attempt }, signal);
  if (!reading.found) return { result: 'failed', problem: reading.message, attempts: 0 };
  if (reading.stored.sha256 !== outcome.results.manifestSha256)
    return { result: 'failed', problem: 'the manifest was changed after it was verified', attempts: 0 };
  const sink = readSinkSecret(secret);
  return await pushResults(
    {
      ...{
        store,
        stored: reading.stored,
        choice: plan.results.choice,
        contentType: plan.results.contentType,
      },
      ...{ sink, clock: systemClock },
      ...keepUpload(deps, { flow: name, sink, secret }, signal),
      limits: limitsOf(deps, flow),
    },
    signal,
  );
}
