import { rest } from '../../../src/flow/flow-request.ts';
import type { Outcome } from '../../../src/flow/outcome.ts';
import type { FlowView } from '../../../src/requests/flow-service.ts';

export function flowView(phase: FlowView['phase'], outcome?: Outcome, detail?: string): FlowView {
  return {
    flow: 'flow-a',
    request: { ...rest, ids: {}, assetId: 'a', template: 't', acceptedAt: '' },
    plan: {
      template: 't',
      templateDigest: 'd',
      image: 'i',
      results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [] },
      limits: { pending: 10, run: 40, upload: 10, stopGrace: 1 },
      retention: 1,
    },
    phase,
    ...(detail === undefined ? {} : { detail }),
    ...(outcome === undefined ? {} : { outcome }),
    delivered: false,
    deprovisioned: false,
  };
}
