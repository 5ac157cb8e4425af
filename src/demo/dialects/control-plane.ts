import type { ConnectorSimulator } from 'connector-simulator';
import { readFile } from 'node:fs/promises';
import { flowName } from '../../flow/names.ts';
import { untilDeleted, untilDelivered } from '../milestones.ts';
import type { Step } from '../step-printer.ts';
import { noDeadline, type DemoConnector, type DemoTransfer } from './dialect-demo.ts';
import { provisionerName, startProvisioner, untilStarted, type Provisioner } from './provisioner.ts';

const controlPlane: Provisioner = {
  version: '0.15.1',
  fetches: 'consumer',
  endStates: ['DEPROVISIONED'],
  entryOf: () => ({}),
  transferOf,
};

/** The control plane provisions, the consumer pulls, and the control plane deprovisions at the end. */
export async function controlPlaneDemo(report: (step: Step) => void): Promise<DemoConnector> {
  return await startProvisioner(controlPlane, report);
}

function transferOf(simulator: ConnectorSimulator, assetId: string, signal: AbortSignal): DemoTransfer {
  const { id, resourceDefinitionId } = simulator.startTransfer({ assetId, mode: 'pull' });
  const ids = { transferProcessId: id, resourceDefinitionId };
  return {
    flow: flowName({ dialect: 'control-plane', connector: provisionerName, ids }),
    started: untilStarted(simulator, id, signal),
    untilStarted: untilDelivered('the data address'),
    receive: async () => await readFile((await simulator.pull(id)).path),
    async end() {
      simulator.complete(id);
      await simulator.waitFor(id, 'DEPROVISIONED', { deadlineMs: noDeadline, signal });
    },
    untilEnded: untilDeleted,
  };
}
