import { resultsUrlOf, type Config, type Secrets } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { addressResults } from './address-results.ts';
import { tokenRenewal } from './bearer-access.ts';
import { earlyDataAddress } from './build-data-address.ts';
import { inboxAddress } from './inbox-address.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ReadAccess } from '../storage/read-access.ts';
import type { DataAddress, HttpDataAddress, InboxAddress, Outcome } from '../flow/outcome.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';

interface AddressParts {
  config: Pick<Config, 'connectors' | 'http' | 'results'>;
  secrets: Pick<Secrets, 'resultKeys'>;
  store: ObjectStore;
  readAccess: ReadAccess;
  now: () => Date;
}

interface AddressedFlow {
  request: FlowRequest;
  plan: FlowPlan;
  outcome: Outcome | undefined;
}

/** For the answers to a connector's messages: the request half has no access to results. */
export function resultAddresses({ config, secrets, store, readAccess, now }: AddressParts) {
  const signing = { keys: secrets.resultKeys, results: config.results };
  return {
    async addressOf(
      { name: flow, found }: { name: string; found: AddressedFlow },
      signal: AbortSignal,
    ): Promise<DataAddress> {
      const { request, plan, outcome } = found;
      if (outcome?.phase !== 'succeeded') throw new ServiceError('gone', 'the flow has no results');
      const connector = { resultsUrl: resultsUrlOf(config, request.connector) };
      const parts = { ...signing, store, readAccess, connector, now: now(), consumer: request.consumer };
      const addressed = await addressResults(parts, { flow, plan, outcome }, signal);
      if ('address' in addressed) return addressed.address;
      throw new ServiceError('gone', addressed.message);
    },
    earlyAddressOf({ name: flow, request }: { name: string; request: FlowRequest }): HttpDataAddress {
      const connector = { resultsUrl: resultsUrlOf(config, request.connector) };
      const { acceptedAt, consumer } = request;
      return earlyDataAddress({ ...signing, flow, acceptedAt, connector, consumer, now: now() });
    },
    inboxOf({ name: flow, request }: { name: string; request: FlowRequest }): InboxAddress {
      return inboxAddress({
        ...{ flow, request, keys: secrets.resultKeys },
        resultsUrl: resultsUrlOf(config, request.connector),
      });
    },
    ...tokenRenewal({ ...signing, now }),
  };
}
