import type { EndpointKind } from './faults.ts';
import type { MessageType } from './provision-message.ts';
import type { TransferState } from './transfer-process.ts';

/** One request with its answer, sent or received by the simulator. */
export interface Exchange<Message extends string = MessageType> {
  /** Milliseconds since the simulator's start, on a clock that never jumps. */
  readonly at: number;
  readonly kind: Message | EndpointKind | 'source';
  readonly transferProcessId: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Undefined if there was no answer; `error` says why. */
  readonly status: number | undefined;
  readonly answer: string;
  readonly error?: string | undefined;
  readonly millis: number;
}

type EventBody<Message extends string, State extends string> =
  | { kind: 'state'; transferProcessId: string; state: State; errorDetail: string | undefined }
  | { kind: 'exchange'; exchange: Exchange<Message> }
  | { kind: 'overtaken'; transferProcessId: string }
  /** A repeated callback has moved a flow of a data plane back. */
  | { kind: 'rewound'; transferProcessId: string }
  | { kind: 'received'; transferProcessId: string; bytes: number; sha256: string; path?: string }
  | { kind: 'listener'; state: 'up' | 'down' };

export type SimulatorEvent<
  Message extends string = MessageType,
  State extends string = TransferState,
> = EventBody<Message, State> & { readonly at: number };

/** Selects exchanges; absent members select all. */
export interface ExchangeFilter<Message extends string = MessageType> {
  readonly kind?: Exchange<Message>['kind'];
  readonly transferProcessId?: string;
}

const keptExchanges = 10_000;

/** Keeps the latest exchanges, and passes each event to the listener. */
export class Journal<Message extends string = MessageType, State extends string = TransferState> {
  readonly #start = performance.now();
  readonly #onEvent: (event: SimulatorEvent<Message, State>) => void;
  readonly #exchanges: Exchange<Message>[] = [];

  constructor(onEvent: (event: SimulatorEvent<Message, State>) => void) {
    this.#onEvent = onEvent;
  }

  now(): number {
    return performance.now() - this.#start;
  }

  emit(event: EventBody<Message, State>): void {
    this.#onEvent({ at: this.now(), ...event });
  }

  record(exchange: Exchange<Message>): void {
    this.#exchanges.push(exchange);
    if (this.#exchanges.length > keptExchanges) this.#exchanges.shift();
    this.emit({ kind: 'exchange', exchange });
  }

  exchanges({ kind, transferProcessId }: ExchangeFilter<Message>): Exchange<Message>[] {
    return this.#exchanges.filter(
      (one) =>
        (kind === undefined || one.kind === kind) &&
        (transferProcessId === undefined || one.transferProcessId === transferProcessId),
    );
  }
}
