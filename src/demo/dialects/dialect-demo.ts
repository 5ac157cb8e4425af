import type { Milestone } from '../milestones.ts';
import type { KnownConnector } from '../service-environment.ts';
import type { Step } from '../step-printer.ts';

/** The demo of one dialect: starts a connector that speaks it and reports what it sends and receives. */
export type DialectDemo = (report: (step: Step) => void) => Promise<DemoConnector>;

export interface DemoConnector {
  /** Its entry in the configuration of the service. */
  entry: KnownConnector;
  /** Connects it to the service, which listens at this URL. Resolves when a transfer can start. */
  connect(serviceUrl: string, signal: AbortSignal): Promise<void>;
  /** The answer to its first request is lost, so that the request is repeated. All its waits end with the signal. */
  startTransfer(assetId: string, signal: AbortSignal): DemoTransfer;
  /** Closes the port of its callbacks. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

export interface DemoTransfer {
  /** Name of its flow. */
  flow: string;
  /** Resolves when the connector has started it. Rejects with the reason if it ends before. */
  started: Promise<void>;
  /** Reported until the connector has taken the callback. */
  untilStarted: readonly Milestone[];
  /** Returns the data as the consumer received it. */
  receive(): Promise<Buffer>;
  /** Resolves when the transfer has ended at the connector. */
  end(): Promise<void>;
  /** Reported after its end. */
  untilEnded: readonly Milestone[];
}

/** The signal of the demo holds its deadline: the waits of a simulator need none of their own. */
export const noDeadline = 2 ** 31 - 1;
