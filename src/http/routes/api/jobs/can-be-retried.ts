import type { FlowView } from '../../../../requests/flow-service.ts';

/** Whether it has ended and ran a template. */
export function canBeRetried({ outcome, plan }: Pick<FlowView, 'outcome' | 'plan'>): boolean {
  return outcome !== undefined && plan.receives !== true && plan.refused === undefined;
}
