import type { TestContext } from 'node:test';
import type { World } from '../world.ts';

/** How often the connector has accepted each kind of message. */
export interface Told {
  /** The data is there: its address, or that it is sent now. */
  ready: number;
  failed: number;
  /** All bytes are with the consumer. */
  completed: number;
  /** The results of a deprovisioned transfer are deleted. */
  confirmed: number;
  /** Messages that moved a transfer back, or that came before the answer to their request. */
  harmful: number;
}

export const nothing: Told = { ready: 0, failed: 0, completed: 0, confirmed: 0, harmful: 0 };

/**
 * `quick`: its work ends at once. `held`: until `release`. `failing`: it fails. `stalled`: it ends at once, and the first transmission
 * of its data stops in the middle.
 */
export type Work = 'quick' | 'held' | 'failing' | 'stalled';

export interface Answered {
  status: number;
  body: string;
}

/** One transfer as its connector drives it: every generation does each act by its own message. */
export interface Transfer {
  readonly flow: string;
  readonly work: Work;
  /** What the consumer is to get, and in how many files. */
  readonly content: string;
  readonly files: number;
  /** The service has answered the first message. */
  accepted(): Promise<void>;
  /** The work is under way. */
  running(): Promise<void>;
  /** Sends the first message again, so many times at once. */
  repeat(times: number): Promise<Answered[]>;
  /** Sends another message for the same transfer: what it asks for or its id differs. */
  contradict(): Promise<Answered[]>;
  /** The consumer has its data, or can fetch it. */
  delivered(): Promise<void>;
  /** What the consumer has got. Throws if it got it twice. */
  bytes(): Promise<Buffer>;
  /** Until the transfer ends as one that went well. */
  complete(): Promise<void>;
  /** Until the connector has ended the transfer for its failure; the reason that it shows. */
  failed(): Promise<string>;
  terminate(): Promise<void>;
  /** Absent: the generation has no messages for it. */
  readonly suspension?: Suspension;
  /** Says that the delivered results are no longer needed, and twice more; the answers to the repeats. Absent: the generation has no message for it. */
  deprovision?(): Promise<Answered[]>;
  told(): Told;
  /** Messages that the connector has refused, or not answered. */
  refused(): number;
}

export interface Suspension {
  /** The data flows, or may be fetched. */
  flowing(): Promise<void>;
  /** Until nothing flows any more. */
  suspend(): Promise<void>;
  resume(): Promise<void>;
}

export interface Stage {
  /** Servers of the counterparty end with it. */
  t: TestContext;
  world: World;
}

export type StartTransfer = (stage: Stage, work: Work) => Promise<Transfer>;

/** The asset whose template does the work. */
export const assets: Readonly<Record<Work, string>> = {
  quick: 'echo',
  stalled: 'echo',
  held: 'gated',
  failing: 'exit-1',
};
