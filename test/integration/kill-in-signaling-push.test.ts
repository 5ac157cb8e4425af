import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { startHttpSink, type HttpSink } from 'connector-simulator';
import type { ProxyHooks } from '../support/counting-proxy.ts';
import { killAtRequests } from '../support/kills/kill-at-requests.ts';
import type { KillStage, KillTransfer } from '../support/kills/kill-scenario.ts';
import {
  assertCallbacks,
  assertKept,
  completed,
  flowOf,
  openSignaling,
  whole,
  type SignalingStage,
} from '../support/kills/signaling.ts';

test('a push whose service is killed before and after any request, sent or received, ends in one Job, one completed and the right bytes', (t) =>
  killAtRequests(t, { moments: ['before', 'after'], share: 0.5, scenario: openPush }));

async function openPush(t: TestContext, hooks: ProxyHooks): Promise<KillStage> {
  const sink = await startHttpSink({ token: 'token-of-the-sink' });
  t.after(() => sink.stop());
  const stage = await openSignaling(t, { hooks, sink: sink.origin });
  const { world, service } = stage;
  const proxies = ['cluster', 'store', 'callback', 'provision', 'sink'];
  return { world, service, proxies, startTransfer: () => startPush(stage, sink) };
}

function startPush(stage: SignalingStage, sink: HttpSink): KillTransfer {
  const { connector, at, world } = stage;
  const path = `/${randomUUID()}`;
  const dataAddress = { ...sink.address(), endpoint: `${at.sink}${path}` };
  const { id } = connector.startTransfer({ assetId: 'echo', mode: 'push', dataAddress });
  const flow = flowOf(stage, id);
  return {
    flow,
    over: () => completed(stage, id),
    async assertEndedWell(context) {
      assertCallbacks(stage, { id, taken: { started: 1, completed: 1 }, context });
      const { push } = (await world.namespace.flow(flow)) ?? {};
      assert.equal(push?.end?.result, 'sent', context);
      const uploads = sink.uploads.filter((upload) => upload.path === path);
      const { bytes, sha256 } = whole;
      // One whose end the service did not save is made once more.
      const expected = uploads.slice(0, 2).map(() => ({ status: 200, bytes, sha256 }));
      assert.ok(uploads.length > 0, context);
      assert.deepEqual(
        uploads.map((upload) => ({ status: upload.status, bytes: upload.bytes, sha256: upload.sha256 })),
        expected,
        context,
      );
      await assertKept(stage, { flow, context });
    },
  };
}
