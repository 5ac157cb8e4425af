import { ServiceError } from '../../errors.ts';
import type { ProtocolState } from '../../flow/protocol-state.ts';
import type { Message as Delivered } from '../../reconciler/types.ts';
import { flowKinds, states, type Act, type FlowEvent, type FlowKind, type State } from './states.ts';

/** The state of a data flow as its Job keeps it, with the names of this dialect. */
export interface FlowProtocol extends Omit<ProtocolState, 'kind' | 'state'> {
  kind: FlowKind;
  state: Exclude<State, 'none'>;
}

/** Throws `internal` if the annotation was changed by hand. */
export function readProtocol(protocol: ProtocolState | undefined): FlowProtocol {
  const kind = flowKinds.find((one) => one === protocol?.kind);
  const state = states.find((one) => one === protocol?.state);
  if (protocol === undefined || kind === undefined || state === undefined || state === 'none')
    throw new ServiceError('internal', "The Job's annotation `protocol` has no state of a data flow.");
  return { ...protocol, kind, state };
}

/** Whether the address of the results answers after these acts; undefined: as before. */
export function accessAfter(acts: readonly Act[]): FlowProtocol['access'] | undefined {
  if (acts.includes('pause')) return 'paused';
  if (acts.includes('continue')) return 'open';
  return acts.includes('release') || acts.includes('cancel') ? 'ended' : undefined;
}

/** The event of the flow that a message to its control plane follows from. */
export function eventOf({ kind }: Pick<Delivered, 'kind'>): FlowEvent {
  if (kind === 'prepared') return 'receiver-ready';
  if (kind === 'transferred') return kind;
  return kind === 'results' ? 'results-ready' : 'failed';
}
