import type { SignalingSimulator } from 'connector-simulator';
import { untilDelivered, untilRecorded } from '../milestones.ts';
import type { Step } from '../step-printer.ts';
import type { DemoConnector, DemoTransfer } from './dialect-demo.ts';
import { dataFlowName, metadata, startControlPlane, untilState } from './signaling.ts';

/** The consumer pulls from the address of `started`, and completes the transfer, which ends the address. */
export async function signalingPullDemo(report: (step: Step) => void): Promise<DemoConnector> {
  return await startControlPlane(transferOf, report);
}

function transferOf(simulator: SignalingSimulator, assetId: string, signal: AbortSignal): DemoTransfer {
  const transfer = simulator.startTransfer({ assetId, metadata });
  const { id } = transfer;
  return {
    flow: dataFlowName(transfer),
    started: untilState(simulator, { id, state: 'STARTED' }, signal),
    untilStarted: untilDelivered('the data address'),
    async receive() {
      const { status, content } = await simulator.pull(id, { keep: true });
      if (status !== 200 || content === undefined)
        throw new Error(`expected the data at the data address, received status ${status}`);
      return content;
    },
    async end() {
      if (!simulator.complete(id)) throw new Error('the transfer cannot be completed');
      await untilState(simulator, { id, state: 'COMPLETED' }, signal);
    },
    untilEnded: untilRecorded,
  };
}
