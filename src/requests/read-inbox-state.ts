import { getFlow } from './find-flow.ts';
import type { InboxState, RequestDependencies } from './flow-service.ts';

/** Never from the cache: once the flow is complete, what arrives is not among its results. */
export async function readInboxState(
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<InboxState> {
  const flow = await getFlow(deps, name, signal);
  if (flow === undefined) return { state: 'deleted' };
  const { outcome, cancel, deletedAt, deprovisionAskedAt, uid: attempt } = flow;
  if ((deprovisionAskedAt ?? cancel ?? deletedAt) !== undefined) return { state: 'deleted' };
  const access = flow.protocol?.access ?? 'open';
  return outcome !== undefined || access === 'ended' ? { state: 'complete' } : { state: access, attempt };
}
