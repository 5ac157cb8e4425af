import { connectorLabel, flowLabel, managedBy, managedByLabel, templateLabel } from '../../flow/labels.ts';
import type { FlowRequest } from '../../flow/flow-request.ts';

/** On everything that belongs to one flow. */
export function buildFlowLabels(flow: string): Record<string, string> {
  return { [managedByLabel]: managedBy, [flowLabel]: flow };
}

/** On the Job and its pods as well: what people select by. */
export function buildJobLabels(flow: string, request: FlowRequest): Record<string, string> {
  return {
    ...buildFlowLabels(flow),
    [templateLabel]: request.template,
    [connectorLabel]: request.connector,
  };
}
