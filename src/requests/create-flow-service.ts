import { summariseDeliveries } from '../flow/summarise-deliveries.ts';
import { stateLabel } from '../flow/labels.ts';
import { acceptFlow, refuseFlow, type AcceptDependencies } from './accept-flow.ts';
import { createRecordRepeat } from '../answer-first/record-repeat.ts';
import { advanceFlow } from './advance-flow.ts';
import { dryRunFlow } from './dry-run-flow.ts';
import { cancelFlow, deleteFlow, deprovisionFlow } from './end-flow.ts';
import { listFlows } from './list-flows.ts';
import { findLog } from './logs/find-log.ts';
import { readInboxState } from './read-inbox-state.ts';
import { replayDelivery } from './replay-delivery.ts';
import { readResultState } from './read-result-state.ts';
import { findFlow, viewFlow, viewLatest, type FlowChanges, type ObservedFlows } from './find-flow.ts';
import type { FlowService, RequestDependencies } from './flow-service.ts';
import { CreateOnceCache } from './create-once.ts';

export function createFlowService(
  deps: AcceptDependencies,
  observed: ObservedFlows & FlowChanges,
): FlowService {
  const files = new CreateOnceCache();
  const viewing = { observed, maxRunning: deps.config.reconciler.maxRunning };
  return {
    accept: (wanted, signal) => acceptFlow({ ...deps, files }, wanted, signal),
    dryRun: (wanted, signal) => dryRunFlow(deps, wanted, signal),
    refuse: (request, refused, signal) => refuseFlow(deps, { request, refused }, signal),
    find: (flow, signal) => findFlow(deps, flow, signal),
    recordRepeat: createRecordRepeat(deps),
    end: (flow, reason, signal) =>
      reason === 'deprovisioned'
        ? deprovisionFlow(deps, flow, signal)
        : cancelFlow(deps, { flow, reason }, signal),
    view: (flow, signal) => viewFlow({ ...deps, ...viewing }, flow, signal),
    viewLatest: (flow, signal) => viewLatest({ ...deps, ...viewing }, flow, signal),
    subscribe: (flow, listener) => observed.subscribe(flow, listener),
    log: (wanted, signal) => findLog(deps, wanted, signal),
    deliveriesOf(connector) {
      const cache = observed.current();
      return cache && summariseDeliveries(cache.flows(), connector);
    },
    list: (query, signal) => listFlows({ ...deps, ...viewing }, query, signal),
    advance: (flow, decide, signal) => advanceFlow(deps, { flow, decide }, signal),
    results: (flow, signal) => readResultState({ ...deps, observed }, flow, signal),
    inbox: (flow, signal) => readInboxState(deps, flow, signal),
    delete: (wanted, signal) => deleteFlow(deps, wanted, signal),
    replay: (delivery, signal) => replayDelivery(deps, delivery, signal),
    unrecorded: (signal) => listUnrecorded(deps, signal),
  };
}

/** Bound of the list of names. */
const unrecordedLimit = 500;

async function listUnrecorded({ cluster }: RequestDependencies, signal: AbortSignal): Promise<string[]> {
  const options = { labelSelector: `${stateLabel}=unrecorded`, limit: unrecordedLimit };
  const { items } = await cluster.jobs.list(options, signal);
  return items.map((job) => job.metadata?.name ?? '');
}
