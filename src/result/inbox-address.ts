import { receiverLifetimeSeconds } from '../flow/flow-plan.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { InboxAddress } from '../flow/outcome.ts';
import { signBearerToken } from './bearer-token.ts';
import type { ResultKey } from './result-token.ts';

interface InboxOf {
  flow: string;
  request: Pick<FlowRequest, 'acceptedAt'>;
  resultsUrl: string;
  keys: readonly ResultKey[];
}

/** The same on every repeat. It expires with the flow, whose state decides before that whether it answers. */
export function inboxAddress({ flow, request, resultsUrl, keys }: InboxOf): InboxAddress {
  const notAfter = Math.floor(Date.parse(request.acceptedAt) / 1000) + receiverLifetimeSeconds;
  const token = signBearerToken({ use: 'inbox', flow, notAfter, bound: '' }, keys);
  const url = `${resultsUrl}/inbox/${flow}`;
  return { url: `${url}/${token}`, bearer: { url, token } };
}
