import type { Exchange, SimulatorEvent } from 'connector-simulator';
import type { Actor } from './step-printer.ts';

/** The step that an event of the connector is for the demo's output; undefined for events that are not printed. */
export function describeEvent(event: SimulatorEvent): { actor: Actor; text: string } | undefined {
  switch (event.kind) {
    case 'exchange':
      return describeExchange(event.exchange);
    case 'listener':
      return {
        actor: 'connector',
        text: event.state === 'down' ? 'goes down' : 'is up and accepts callbacks with the right key',
      };
    case 'received':
      return {
        actor: 'consumer',
        text: `has fetched ${event.bytes.toLocaleString('en')} bytes through the data address`,
      };
    case 'overtaken':
    case 'rewound':
      return { actor: 'connector', text: `${bugs[event.kind]}: a bug of the service` };
    case 'state':
      return ['STARTED', 'DEPROVISIONED', 'TERMINATED'].includes(event.state)
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

function describeExchange({ kind, status, error }: Exchange): { actor: Actor; text: string } {
  const answer = status === undefined ? `no answer (${error ?? 'connection lost'})` : `answer ${status}`;
  return { actor: kind === 'source' ? 'consumer' : 'connector', text: `${exchanges[kind]}: ${answer}` };
}

const exchanges: Record<Exchange['kind'], string> = {
  provision: 'asks for provisioning',
  deprovision: 'asks for deprovisioning',
  callback: 'gets the callback',
  management: 'gets a call at its management API',
  source: 'asks the data address',
};
