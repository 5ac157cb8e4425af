import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProxyHooks, SeenRequest, Verdict } from '../support/counting-proxy.ts';
import { completed, openSignaling } from '../support/kills/signaling.ts';

/** The API server refuses the next writes of Jobs. */
class RefusedWrites implements ProxyHooks {
  left = 0;
  refused = 0;

  before({ proxy, method, path }: SeenRequest): Verdict {
    const writesJob = proxy === 'cluster' && method !== 'GET' && /\/jobs(\/|\?|$)/.test(path);
    if (!writesJob || this.left === 0) return true;
    this.left -= 1;
    this.refused += 1;
    return 503;
  }

  after(): Verdict {
    return true;
  }
}

test('messages that cannot be stored for a moment are repeated by the control plane, which takes each answer for final', async (t) => {
  const hooks = new RefusedWrites();
  const stage = await openSignaling(t, { hooks });
  const { connector, service } = stage;
  await service.start();
  hooks.left = 2;
  const { id } = connector.startTransfer({ assetId: 'echo' });
  await connector.waitFor(id, 'STARTED');
  assert.equal(hooks.refused, 2);
  hooks.left = 2;
  assert.ok(connector.complete(id));
  await completed(stage, id);
  const { sent, errorDetail } = connector.process(id);
  assert.deepEqual([sent.terminate, errorDetail], [0, undefined]);
  assert.ok(sent.start > 1, 'the start was repeated');
  assert.equal(
    connector.exchanges({ transferProcessId: id }).filter(({ status }) => status === 503).length,
    0,
  );
});
