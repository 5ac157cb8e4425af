import { renewCredentials } from '../../cluster-objects/prepare-flow.ts';
import type { ObservedFlow } from '../../flow/flow.ts';
import { continueNow, type Step } from '../reconciler.ts';

export function decideRenewal(observed: ObservedFlow): Step<'renew-credentials'> | undefined {
  const due = renewalTime(observed);
  if (due === undefined || due > observed.now) return undefined;
  return {
    kind: 'renew-credentials',
    async run(deps, signal) {
      deps.cache.updateJob(await renewCredentials(deps, observed.flow, signal));
      return continueNow;
    },
  };
}

/**
 * A third of the credentials' life, in milliseconds since the epoch, while the worker runs: an update of the Secret reaches a running pod
 * after a minute, a terminating one never.
 */
export function renewalTime({ flow, attempts }: ObservedFlow): number | undefined {
  if (flow.credentials?.expiration === undefined) return undefined;
  if (attempts.some(({ worker }) => worker.state === 'ended')) return undefined;
  const minted = Date.parse(flow.credentials.mintedAt);
  const due = minted + (Date.parse(flow.credentials.expiration) - minted) / 3;
  // A time that cannot be read must not hide the deadline.
  return Number.isNaN(due) ? undefined : due;
}
