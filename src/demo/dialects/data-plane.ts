import type { ConnectorSimulator } from 'connector-simulator';
import { readFile } from 'node:fs/promises';
import { flowName } from '../../flow/names.ts';
import { untilDeleted, untilDelivered } from '../milestones.ts';
import type { Step } from '../step-printer.ts';
import { noDeadline, type DemoConnector, type DemoTransfer } from './dialect-demo.ts';
import { provisionerName, startProvisioner, untilStarted, type Provisioner } from './provisioner.ts';

const dialect = 'data-plane';

const dataPlane: Provisioner = {
  version: '0.18.0',
  fetches: 'connector',
  endStates: ['COMPLETED'],
  entryOf: ({ managementUrl }, managementKey) => ({ managementUrl, managementKey, settings: { dialect } }),
  transferOf,
};

/** The data plane provisions, fetches, pushes to the consumer and deprovisions, and gets the confirmation of that. */
export async function dataPlaneDemo(report: (step: Step) => void): Promise<DemoConnector> {
  return await startProvisioner(dataPlane, report);
}

function transferOf(simulator: ConnectorSimulator, assetId: string, signal: AbortSignal): DemoTransfer {
  const { id, resourceDefinitionId } = simulator.startTransfer({ assetId, mode: 'push' });
  const ids = { flowId: id, provisionResourceId: resourceDefinitionId };
  const waiting = { deadlineMs: noDeadline, signal };
  return {
    flow: flowName({ dialect, connector: provisionerName, ids }),
    started: untilStarted(simulator, id, signal),
    untilStarted: untilDelivered('the data address'),
    async receive() {
      const { errorDetail } = await simulator.waitFor(id, hasEnded, waiting);
      const [received] = simulator.received(id);
      if (received === undefined) throw new Error(`the data plane fetched no data: ${errorDetail ?? ''}`);
      return await readFile(received.path);
    },
    async end() {
      await simulator.waitFor(id, ({ dataFlow }) => dataFlow === 'DEPROVISIONED', waiting);
    },
    untilEnded: untilDeleted,
  };
}

function hasEnded({ state }: { state: string }): boolean {
  return state === 'COMPLETED' || state === 'TERMINATED';
}
