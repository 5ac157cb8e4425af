import type { Config } from '../../config/config.ts';
import type { Flow } from '../../flow/flow.ts';
import type { PushLimits } from '../../transfer/types.ts';

type Limits = Pick<Config, 'reconciler' | 'transfers'>;

/** Limits of one push or fetch that starts now. */
export function limitsOf({ config, now }: { config: Limits; now: () => Date }, flow: Flow): PushLimits {
  const { idleSeconds, attempts, retryAfterSeconds } = config.transfers;
  return {
    idleMillis: idleSeconds * 1000,
    attempts,
    retryAfterMillis: retryAfterSeconds * 1000,
    totalMillis: Math.max(0, deadlineOf(config, flow) - now().getTime()),
    backOff: config.reconciler.backoff,
  };
}

/** When results that nobody took, or data that nobody gave, are given up. */
export function deadlineOf(
  { reconciler, transfers }: Limits,
  { delivery, outcome, plan, lastRequestAt }: Pick<Flow, 'delivery' | 'outcome' | 'plan' | 'lastRequestAt'>,
): number {
  const receivesSince = plan.receives === true ? lastRequestAt : undefined;
  const { totalSeconds = reconciler.deliverySeconds } = transfers;
  return Date.parse(receivesSince ?? delivery?.endedAt ?? outcome?.at ?? '') + totalSeconds * 1000;
}
