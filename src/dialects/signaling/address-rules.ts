import type { FlowKind, Message, Notice } from './states.ts';

/** `used`: taken in place of the earlier one, if there is one. `ignored`: EDC 0.18.0 sends one here, against the specification. */
type Rule = 'required' | 'refused' | 'used' | 'ignored';

/** Data addresses that messages bring, by the direction of the flow (§Push Protocol Messaging, §Pull Protocol Messaging). */
const incoming: Record<FlowKind, Partial<Record<Message, Rule>>> = {
  'provider-pull': { start: 'refused', resume: 'ignored' },
  'provider-push': { start: 'required', resume: 'used' },
  // The specification wants one with `started`; its test suite sends none with the profile `http-pull`.
  'consumer-pull': { started: 'used', resume: 'used' },
  'consumer-push': { started: 'ignored', resume: 'ignored' },
};

/** Names the field and what was expected, or returns undefined. */
export function checkAddress(kind: FlowKind, message: Message, present: boolean): string | undefined {
  const rule = incoming[kind][message];
  if (rule === 'required' && !present) return 'dataAddress: expected the address to push to';
  if (rule === 'refused' && present)
    return 'dataAddress: expected none, since a pull is served by the provider';
  return undefined;
}

/** Answers and callbacks that carry this side's own address: the provider of a pull, and the receiver of a push. */
export function handsOutAddress(kind: FlowKind, by: Message | Notice): boolean {
  if (kind === 'provider-pull') return by === 'start' || by === 'started' || by === 'resume';
  return kind === 'consumer-push' && (by === 'prepare' || by === 'prepared' || by === 'resume');
}
