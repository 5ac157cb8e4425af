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

/** `self`: the address of all deliveries of its job. */
export function describeDelivery(
  { number, of, delivery, total, attempts, instead, replayable }: ListedDelivery,
  self: string,
): Described {
  const { endedAt, detail, replay } = delivery;
  return {
    number,
    message: messages[of],
    state: stateOf(delivery),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(detail === undefined ? {} : { detail }),
    ...{ attemptCount: total, attempts: attempts as Described['attempts'] },
    ...(replay === undefined ? {} : { replayedAt: replay.at }),
    ...(instead === undefined ? {} : { instead }),
    ...(replayable === true ? { links: { replay: `${self}/${number}/replay` } } : {}),
  };
}

function stateOf({ result, startedAt }: Delivery): Described['state'] {
  return result ?? (startedAt === undefined ? 'waiting' : 'under-way');
}
