import type { DeliveryMember, ListedDelivery } from '../../../../flow/list-deliveries.ts';
import type { Delivery } from '../../../../flow/delivery.ts';
import type { Deliveries } from './delivery-schema.ts';

type Described = Deliveries['items'][number];

const messages: Record<DeliveryMember, Described['message']> = {
  readiness: 'readiness',
  delivery: 'outcome',
  completion: 'completion',
  confirmation: 'confirmation',
};

export function describeDeliveries(deliveries: readonly ListedDelivery[]): Deliveries {
  return { items: deliveries.map(describe) };
}

function describe({ number, of, delivery, total, attempts, instead }: ListedDelivery): Described {
  const { endedAt, detail } = delivery;
  return {
    number,
    message: messages[of],
    state: stateOf(delivery),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(detail === undefined ? {} : { detail }),
    ...{ attemptCount: total, attempts: attempts as Described['attempts'] },
    ...(instead === undefined ? {} : { instead }),
  };
}

function stateOf({ result, startedAt }: Delivery): Described['state'] {
  return result ?? (startedAt === undefined ? 'waiting' : 'under-way');
}
