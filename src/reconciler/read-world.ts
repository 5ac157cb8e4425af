import type { Flow } from '../flow/flow.ts';
import type { World } from '../flow/decide-step.ts';
import type { Reconciler } from './reconciler.ts';

/** What the next step of this flow is decided from. */
export function readWorld({ world, config, now }: Reconciler, flow: Flow): World {
  const { pendingLimits } = config.pods;
  return { flow, attempts: world.attempts(flow.name), pendingLimits, now: now().getTime() };
}
