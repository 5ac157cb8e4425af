import type { TransferState } from '../types.ts';

/** Consecutive polls that must miss a known transfer before it counts as ended. */
export const missesThatCount = 5;

export interface EndedTransfer {
  flow: string;
  /** One sentence for people. */
  message: string;
}

/**
 * The reports of one connector about the open flows. A transfer has ended if the connector says so. A transfer that is missing in its
 * answers has ended only if it was known before, and then was missing five times in a row (a connector that keeps nothing over a restart):
 * an address that leads to another connector never knows it. If a missing transfer comes back, several databases are behind the address,
 * and a missing transfer means nothing any more.
 */
export class TransferMemory {
  private readonly misses = new Map<string, number>();
  private contradicted = false;

  /** The result of one poll; `underWay`: all open flows of the connector. Returns the transfers that have ended. */
  update(states: ReadonlyMap<string, TransferState>, underWay: ReadonlySet<string>): EndedTransfer[] {
    for (const flow of this.misses.keys()) if (!underWay.has(flow)) this.misses.delete(flow);
    return [...states].flatMap(([flow, state]) => this.judge(flow, state) ?? []);
  }

  /** Whether the connector has ever known this flow's transfer. */
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
