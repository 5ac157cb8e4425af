import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../src/flow/flow.ts';
import type { Outcome } from '../../../src/flow/outcome.ts';
import type { ProtocolState } from '../../../src/flow/protocol-state.ts';
import { decideStep, type NextStep } from '../../../src/reconciler/decide-step.ts';
import { aFlow, at, epoch, pendingLimits } from '../../support/flow-values.ts';

const state = { state: 'S', kind: 'k', profile: 'p', answered: [] };
const open: ProtocolState = { ...state, access: 'open' };
const paused: ProtocolState = { ...state, access: 'paused' };
const delivered = { attempts: 1, startedAt: at(1), result: 'delivered', endedAt: at(1) } as const;
const results = { attempt: 'job-uid', files: 0, bytes: 0, manifestSha256: 'a', manifestEtag: 'e' };
const succeeded: Outcome = { phase: 'succeeded', at: at(5), results };

interface Row {
  name: string;
  flow: Partial<Flow>;
  seconds?: number;
  expect: NextStep['kind'];
}

const rows: Row[] = [
  { name: 'its Job is not prepared', flow: { protocol: open }, expect: 'wait' },
  { name: 'it ends after its lifetime', flow: { protocol: open }, seconds: 1000, expect: 'set-outcome' },
  { name: 'it ends with its transfer', flow: { deprovisionAskedAt: at(1) }, expect: 'set-outcome' },
  {
    name: 'a connector that waits for its preparation is called back',
    flow: { protocol: { ...open, prepares: true } },
    expect: 'announce-readiness',
  },
  {
    name: 'a connector that took the callback is not called back again',
    flow: { protocol: { ...open, prepares: true }, readiness: delivered },
    expect: 'wait',
  },
  {
    name: 'a connector whose next message came is not called back again',
    flow: { protocol: { ...open, prepares: true, acknowledged: true }, readiness: { attempts: 1 } },
    expect: 'wait',
  },
  {
    name: 'it succeeds when nothing more arrives',
    flow: { protocol: { ...open, complete: true } },
    expect: 'complete-receiver',
  },
  {
    name: 'it does not succeed while it is suspended',
    flow: { protocol: { ...paused, complete: true } },
    expect: 'wait-for-resume',
  },
  {
    name: 'what was sent to its inbox is collected once its control plane has completed it',
    flow: { protocol: { ...state, access: 'ended', collects: true, announced: true } },
    expect: 'fetch',
  },
  {
    name: 'its success is not delivered while it is suspended',
    flow: { protocol: paused, outcome: succeeded },
    expect: 'wait-for-resume',
  },
  { name: 'its success is delivered', flow: { protocol: open, outcome: succeeded }, expect: 'deliver' },
  {
    name: 'its failure is delivered while it is suspended',
    flow: {
      protocol: paused,
      outcome: { phase: 'failed', at: at(5), reason: 'run-deadline-exceeded', message: 'm' },
    },
    expect: 'deliver',
  },
  {
    name: 'a termination ends it while it is suspended',
    flow: { protocol: paused, outcome: succeeded, deprovisionAskedAt: at(6) },
    expect: 'deliver',
  },
];

for (const { name, flow: members, seconds = 10, expect } of rows) {
  test(`a flow that receives: ${name}`, () => {
    const flow = aFlow(members);
    const receiving = { ...flow, plan: { ...flow.plan, receives: true as const } };
    const now = epoch + seconds * 1000;
    assert.equal(decideStep({ flow: receiving, attempts: [], pendingLimits, now }).kind, expect);
  });
}
