import type { Exchange, SimulatorEvent } from 'connector-simulator';
import type { Actor, Step } from './step-printer.ts';

/** How the events of a connector are reported. */
export interface Wording<One extends Exchange<string> = Exchange<string>> {
  /** One request with its answer. */
  describe: (exchange: One) => string;
  /** Who requests the data address. */
  fetches: Actor;
  /** Of a connector that listens. */
  up: string;
  /** States of a transfer that are reported beside STARTED and TERMINATED. */
  endStates: readonly string[];
}

/** Reports the events of a connector's simulator as steps; some are not reported. */
export function eventReporter<Message extends string>(
  wording: Wording<Exchange<Message>>,
  report: (step: Step) => void,
): (event: SimulatorEvent<Message, string>) => void {
  return (event) => {
    const step = stepOf(event, wording);
    if (step !== undefined) report(step);
  };
}

function stepOf<Message extends string>(
  event: SimulatorEvent<Message, string>,
  { describe, fetches, up, endStates }: Wording<Exchange<Message>>,
): Step | undefined {
  switch (event.kind) {
    case 'exchange': {
      const { exchange } = event;
      return { actor: exchange.kind === 'source' ? fetches : 'connector', text: describe(exchange) };
    }
    case 'listener':
      return { actor: 'connector', text: event.state === 'down' ? 'goes down' : up };
    case 'received':
      return {
        actor: fetches,
        text: `has fetched ${event.bytes.toLocaleString('en')} bytes through the data address`,
      };
    case 'overtaken':
    case 'rewound':
      return { actor: 'connector', text: `${bugs[event.kind]}: a bug of the service` };
    case 'state':
      return ['STARTED', 'TERMINATED', ...endStates].includes(event.state)
        ? { actor: 'connector', text: `transfer is ${event.state}` }
        : undefined;
    default:
      return event satisfies never;
  }
}

const bugs = {
  overtaken: 'got a callback before it had saved the answer',
  rewound: 'got a callback twice, which moves its flow back',
};

export function describeAnswer({ status, error }: Pick<Exchange<string>, 'status' | 'error'>): string {
  return status === undefined ? `no answer (${error ?? 'connection lost'})` : `answer ${status}`;
}
