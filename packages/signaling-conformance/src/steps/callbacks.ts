import type { Step } from '../conformance-test.ts';
import { fail } from '../failure.ts';
import type { Callback } from '../protocol.ts';
import { waitFor } from './wait-for.ts';

/** From now on the callback is answered with 200. */
export function expectCallback(callback: Callback): Step {
  return (run) => {
    run.callback = run.controlPlane.expect(run.processId, callback);
  };
}

/** Waits for the callback that is expected. */
export function awaitCallback(callback: Callback): Step {
  return async (run) => {
    await waitFor(
      run,
      () => run.callback?.body,
      () => {
        const fault = run.callback?.fault;
        return `callback ${callback}: expected a valid one, received ${fault === undefined ? 'none' : `this fault: ${fault}`}`;
      },
    );
  };
}

/** What the callback says beyond its schema: the flow, its state, and the data address that its direction wants. */
export function checkCallback(callback: Callback, hasAddress: boolean): Step {
  return (run) => {
    const body = run.callback?.body ?? {};
    const state = callback.toUpperCase();
    if (body['state'] !== state)
      fail(`callback ${callback}: expected state ${state}, received ${String(body['state'])}`);
    if (body['dataFlowId'] !== run.flowId)
      fail(`callback ${callback}: expected dataFlowId ${run.flowId}, received ${String(body['dataFlowId'])}`);
    if ('dataAddress' in body !== hasAddress)
      fail(`callback ${callback}: expected ${hasAddress ? 'a' : 'no'} dataAddress of ${run.kind}`);
  };
}
