import type { TransferState } from './transfer-process.ts';

export type ExchangeKind = 'provision' | 'deprovision' | 'callback' | 'management' | 'source';

/** One request with its answer, sent or received by the simulator. */
export interface Exchange {
  /** Milliseconds since the simulator's start, on a clock that never jumps. */
  readonly at: number;
  readonly kind: ExchangeKind;
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

type EventBody =
  | { kind: 'state'; transferProcessId: string; state: TransferState; errorDetail: string | undefined }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'overtaken'; transferProcessId: string }
  /** A repeated callback has moved a flow of a data plane back. */
  | { kind: 'rewound'; transferProcessId: string }
  | { kind: 'received'; transferProcessId: string; bytes: number; sha256: string; path: string }
  | { kind: 'listener'; state: 'up' | 'down' };

export type SimulatorEvent = EventBody & { readonly at: number };

const keptExchanges = 10_000;

/** Keeps the latest exchanges, and passes each event to the listener. */
export class Journal {
  readonly #start = performance.now();
  readonly #onEvent: (event: SimulatorEvent) => void;
  readonly #exchanges: Exchange[] = [];

  constructor(onEvent: (event: SimulatorEvent) => void) {
    this.#onEvent = onEvent;
  }

  now(): number {
    return performance.now() - this.#start;
  }

  emit(event: EventBody): void {
    this.#onEvent({ at: this.now(), ...event });
  }

  record(exchange: Exchange): void {
    this.#exchanges.push(exchange);
    if (this.#exchanges.length > keptExchanges) this.#exchanges.shift();
    this.emit({ kind: 'exchange', exchange });
  }

  exchanges(): readonly Exchange[] {
    return [...this.#exchanges];
  }
}
