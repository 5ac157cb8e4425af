import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../src/flow/flow.ts';
import { stateLabel } from '../../../../src/flow/labels.ts';
import type { Reconciler } from '../../../../src/reconciler/reconciler.ts';
import { recordFlow } from '../../../../src/reconciler/steps/record-flow.ts';
import { aFlow, at } from '../../../support/flow-values.ts';

const signal = new AbortController().signal;
const delivered = aFlow({
  resourceVersion: '7',
  outcome: { phase: 'cancelled', at: at(10), reason: 'job-deleted', message: 'gone' },
  delivery: { attempts: 1, result: 'delivered' },
});

test('a recorded flow is closed', async () => {
  const { deps, patches } = worldOf(() => delivered);
  await recordFlow(deps, delivered, signal);
  assert.deepEqual(
    patches.map(({ metadata }) => metadata.labels[stateLabel]),
    ['closed'],
  );
});

test('a deprovision that comes while the record is written is not closed over', async () => {
  let current: Flow = delivered;
  const { deps, patches } = worldOf(
    () => current,
    () => {
      current = { ...delivered, resourceVersion: '8', deprovisionAskedAt: at(12) };
    },
  );
  await recordFlow(deps, delivered, signal);
  assert.deepEqual(patches, []);
});

interface Patch {
  metadata: { labels: Record<string, string> };
}

function worldOf(flow: () => Flow, onPut: () => void = () => undefined) {
  const patches: Patch[] = [];
  const deps = {
    now: () => new Date(at(20)),
    store: {
      put() {
        onPut();
        return Promise.resolve({ etag: '' });
      },
      abortUploads: () => Promise.resolve(0),
    },
    cache: { flow, updateJob: () => undefined },
    cluster: {
      jobs: {
        patch(_: string, patch: Patch) {
          patches.push(patch);
          return Promise.resolve({});
        },
      },
    },
  };
  return { deps: deps as unknown as Reconciler, patches };
}
