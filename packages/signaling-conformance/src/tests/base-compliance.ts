import type { ConformanceTest, Fixture, Step } from '../conformance-test.ts';
import type { FlowKind } from '../protocol.ts';
import { awaitCallback, expectCallback } from '../steps/callbacks.ts';
import { create } from '../steps/create.ts';
import { reach, send } from '../steps/messages.ts';

const kinds: Readonly<Record<string, FlowKind>> = {
  DP_C_PULL: 'consumer-pull',
  DP_C_PUSH: 'consumer-push',
  DP_P_PULL: 'provider-pull',
  DP_P_PUSH: 'provider-push',
};

const consumer = [create('PREPARED'), send('started')];
const provider = [create('STARTED')];
const terminate = [send('terminate'), reach('TERMINATED')];
const suspend = [send('suspend'), reach('SUSPENDED')];
const resume = [send('resume'), reach('STARTED')];
const complete = [send('completed'), reach('COMPLETED')];
/** The data plane completes by itself; the callback is expected only once STARTED was seen. */
const completedByItself = [reach('STARTED'), expectCallback('completed'), awaitCallback('completed')];
const preparedLater = [
  expectCallback('prepared'),
  create('PREPARING'),
  awaitCallback('prepared'),
  reach('PREPARED'),
];
const startedLater = [
  expectCallback('started'),
  create('STARTING'),
  awaitCallback('started'),
  reach('STARTED'),
];

/** The 23 tests of the public kit (version 1.2.0) with the tag `base-compliance`, in its order. */
const rows: readonly (readonly [id: string, fixture: Fixture, title: string, steps: readonly Step[]])[] = [
  ['DP_C_PULL:01-01', 'sync', 'prepare, started', [...consumer, reach('STARTED')]],
  ['DP_C_PULL:01-02', 'sync', 'prepare, started, terminate', [...consumer, ...terminate]],
  ['DP_C_PULL:02-01', 'sync', 'prepare, started, suspend, resume', [...consumer, ...suspend, ...resume]],
  [
    'DP_C_PULL:02-02',
    'sync',
    'prepare, started, suspend, terminate',
    [...consumer, ...suspend, ...terminate],
  ],
  [
    'DP_C_PULL:03-01',
    'complete',
    'prepare, started, callback completed',
    [create('PREPARED'), reach('PREPARED'), send('started'), ...completedByItself],
  ],
  ['DP_C_PULL:04-01', 'async', 'prepare, callback prepared', preparedLater],
  ['DP_P_PULL:01-01', 'sync', 'start, completed', [...provider, reach('STARTED'), ...complete]],
  ['DP_P_PULL:01-02', 'sync', 'start, terminate', [...provider, reach('STARTED'), ...terminate]],
  ['DP_P_PULL:02-01', 'sync', 'start, suspend, resume', [...provider, ...suspend, ...resume]],
  ['DP_P_PULL:02-02', 'sync', 'start, suspend, terminate', [...provider, ...suspend, ...terminate]],
  ['DP_P_PULL:04-01', 'async', 'start, callback started', startedLater],
  ['DP_C_PUSH:01-01', 'sync', 'prepare, started', [...consumer, reach('STARTED')]],
  ['DP_C_PUSH:01-02', 'sync', 'prepare, started, terminate', [...consumer, ...terminate]],
  ['DP_C_PUSH:02-01', 'sync', 'prepare, started, suspend, resume', [...consumer, ...suspend, ...resume]],
  [
    'DP_C_PUSH:02-02',
    'sync',
    'prepare, started, suspend, terminate',
    [...consumer, ...suspend, ...terminate],
  ],
  ['DP_C_PUSH:03-01', 'sync', 'prepare, started, completed', [...consumer, reach('STARTED'), ...complete]],
  ['DP_C_PUSH:04-01', 'async', 'prepare, callback prepared', preparedLater],
  ['DP_P_PUSH:01-01', 'sync', 'start', [...provider, reach('STARTED')]],
  ['DP_P_PUSH:01-02', 'sync', 'start, terminate', [...provider, ...terminate]],
  ['DP_P_PUSH:02-01', 'sync', 'start, suspend, resume', [...provider, ...suspend, ...resume]],
  ['DP_P_PUSH:02-02', 'sync', 'start, suspend, terminate', [...provider, ...suspend, ...terminate]],
  ['DP_P_PUSH:03-01', 'complete', 'start, callback completed', [...provider, ...completedByItself]],
  ['DP_P_PUSH:04-01', 'async', 'start, callback started', startedLater],
];

export const baseCompliance: readonly ConformanceTest[] = rows.map(([id, fixture, title, steps]) => ({
  id,
  tags: ['base-compliance', fixture === 'async' ? 'async' : 'sync'],
  title,
  kind: kinds[id.slice(0, id.indexOf(':'))] ?? 'provider-pull',
  fixture,
  steps,
}));
