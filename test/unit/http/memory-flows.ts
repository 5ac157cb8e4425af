import { flowName } from '../../../src/flow/names.ts';
import type { FlowRequest } from '../../../src/flow/flow-request.ts';
import type { FlowService, FlowView, FoundFlow } from '../../../src/requests/flow-service.ts';

/** What the request half sees of a cluster, in memory: for tests that are about HTTP. */
export interface MemoryFlows extends FlowService {
  views: Map<string, FlowView>;
  /** Flows in the order in which repeats of their requests were recorded. */
  repeats: string[];
  /** As the reconciler would, once the connector took the outcome. */
  deliver(): void;
  /** From here on a delivery attempt is under way for every flow. */
  startAttempt(): void;
}

export function memoryFlows(overrides: Partial<FlowService> = {}): MemoryFlows {
  const views = new Map<string, FlowView>();
  const repeats: string[] = [];
  let delivering = false;
  return {
    views,
    repeats,
    deliver() {
      for (const view of views.values()) view.delivered = true;
    },
    startAttempt() {
      delivering = true;
    },
    accept({ request }) {
      const flow = flowName(request);
      const view = views.get(flow);
      if (view !== undefined) return Promise.resolve({ created: false, found: foundOf(view, delivering) });
      views.set(flow, viewOf(flow, request));
      return Promise.resolve({ created: true });
    },
    refuse(request, refused) {
      const flow = flowName(request);
      const known = views.get(flow);
      if (known !== undefined) return Promise.resolve({ created: false, found: foundOf(known, delivering) });
      const view = viewOf(flow, request);
      views.set(flow, { ...view, plan: { ...view.plan, refused } });
      return Promise.resolve({ created: true });
    },
    find(flow) {
      const view = views.get(flow);
      return Promise.resolve(view && foundOf(view, delivering));
    },
    recordRepeat(flow) {
      repeats.push(flow);
      return Promise.resolve();
    },
    end(flow, reason) {
      const view = views.get(flow);
      if (view !== undefined) view.deprovisioned = reason === 'deprovisioned';
      return Promise.resolve(view === undefined ? 'unknown' : 'accepted');
    },
    view: (flow) => Promise.resolve(views.get(flow)),
    list: () => Promise.resolve({ flows: [...views.values()] }),
    advance: none,
    results: (flow) =>
      Promise.resolve({ access: views.get(flow)?.deprovisioned === true ? 'ended' : 'open' }),
    ...untested,
    ...overrides,
  };
}

function foundOf(view: FlowView, delivering: boolean): FoundFlow {
  const nothing = { protocol: undefined, lastRequestAt: undefined };
  return { ...view, ...nothing, outcome: view.outcome, delivering, over: view.phase === 'ended' };
}

const untested: Pick<
  FlowService,
  | 'delete'
  | 'deliveriesOf'
  | 'dryRun'
  | 'inbox'
  | 'log'
  | 'replay'
  | 'subscribe'
  | 'unrecorded'
  | 'viewLatest'
> = {
  dryRun: () => Promise.reject(new Error('there is no cluster')),
  delete: () => Promise.resolve('unknown'),
  deliveriesOf: () => undefined,
  inbox: () => Promise.resolve({ state: 'deleted' }),
  log: () => Promise.resolve({ kind: 'none', attempts: [] }),
  replay: () => Promise.reject(new Error('these flows have no deliveries')),
  subscribe: () => () => undefined,
  unrecorded: () => Promise.resolve([]),
  viewLatest: none,
};

function none(): Promise<undefined> {
  return Promise.resolve(undefined);
}

function viewOf(flow: string, request: FlowRequest): FlowView {
  return {
    flow,
    request,
    phase: 'accepted',
    delivered: false,
    deprovisioned: false,
    plan: {
      template: request.template,
      templateDigest: 'd',
      image: 'busybox:1.37',
      results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [] },
      limits: { pending: 100, run: 1000, upload: 60, stopGrace: 30 },
      retention: 3600,
    },
  };
}

/** Of requests that name none. */
export function noInputs(): Promise<[]> {
  return Promise.resolve([]);
}
