import { isFinal } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import type { Step } from '../reconciler.ts';
import { deliverLater, type LaterMessage } from './deliver-later.ts';

export function decideConfirmation({
  flow,
  awaitsConfirmation = false,
}: ObservedOutcome): Step<'confirm-deprovision'> | undefined {
  if (!awaitsConfirmation || flow.deprovisionAskedAt === undefined || isFinal(flow.confirmation))
    return undefined;
  return {
    kind: 'confirm-deprovision',
    run: (deps, signal) => deliverLater(deps, confirmation(flow, flow.deprovisionAskedAt ?? ''), signal),
  };
}

/** Longest wait of the flow's record for a connector that does not take the confirmation. */
const confirmationSeconds = 600;

function confirmation(flow: Flow, askedAt: string): LaterMessage {
  const abandonAfter = Date.parse(askedAt) + confirmationSeconds * 1000;
  return { flow, of: 'confirmation', message: { kind: 'deprovisioned' }, abandonAfter };
}
