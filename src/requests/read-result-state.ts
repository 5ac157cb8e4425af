import type { ResultAccess, ResultState } from '../flow/protocol-state.ts';
import type { Flow } from '../flow/flow.ts';
import { getFlow, type ObservedFlows } from './find-flow.ts';
import type { RequestDependencies } from './flow-service.ts';

/**
 * An end is final, so that the cache is right about it. Anything else in the cache may be outdated: the Job decides, and the cache only while
 * the cluster gives no answer.
 */
export async function readResultState(
  { observed, ...deps }: RequestDependencies & { observed: ObservedFlows },
  name: string,
  signal: AbortSignal,
): Promise<ResultState> {
  const cached = observed.current()?.flow(name);
  if (cached !== undefined && accessTo(cached) === 'ended') return { access: 'ended' };
  try {
    const flow = await getFlow(deps, name, signal);
    return flow === undefined ? { access: 'open' } : stateOf(flow);
  } catch (error) {
    if (cached === undefined) throw error;
    return stateOf(cached);
  }
}

function stateOf(flow: Flow): ResultState {
  return { access: accessTo(flow), outcome: flow.outcome, plan: flow.plan };
}

function accessTo({ deprovisionAskedAt, protocol }: Flow): ResultAccess {
  return deprovisionAskedAt === undefined ? (protocol?.access ?? 'open') : 'ended';
}
