import type { TransferState } from '../types.ts';

/** Polls in a row that must not find a transfer which was there before. */
export const missesThatCount = 5;

export interface EndedTransfer {
  flow: string;
  /** One sentence for people. */
  message: string;
}

/**
 * What one connector has said so far of the flows under way. A transfer that it calls ended has ended. One that its answers do not name
 * has ended only if they did name it before, and then five times in a row did not (a connector that keeps nothing over a restart): an address
 * that leads to another connector never names it. Where transfers come back after they were missing, several databases stand behind
 * the address, and what is missing means nothing any more.
 */
export class TransferMemory {
  private readonly misses = new Map<string, number>();
  private contradicted = false;

  /** Takes in what a poll has said; of `underWay`, all flows that it could have asked for. */
  take(states: ReadonlyMap<string, TransferState>, underWay: ReadonlySet<string>): EndedTransfer[] {
    for (const flow of this.misses.keys()) if (!underWay.has(flow)) this.misses.delete(flow);
    return [...states].flatMap(([flow, state]) => this.judge(flow, state) ?? []);
  }

  /** Whether the connector has ever named this flow's transfer. */
  knows(flow: string): boolean {
    return this.misses.has(flow);
  }

  private judge(flow: string, state: TransferState): EndedTransfer | undefined {
    if (state.is === 'missing') return this.miss(flow);
    if ((this.misses.get(flow) ?? 0) > 0) this.contradicted = true;
    this.misses.set(flow, 0);
    if (state.is !== 'ended') return undefined;
    return { flow, message: `The connector ended the transfer: its process is ${state.state}.` };
  }

  private miss(flow: string): EndedTransfer | undefined {
    const before = this.misses.get(flow);
    if (before === undefined) return undefined;
    this.misses.set(flow, before + 1);
    if (this.contradicted || before + 1 < missesThatCount) return undefined;
    return { flow, message: 'The connector does not know the transfer any more.' };
  }
}
