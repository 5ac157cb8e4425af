import type { ConnectorSimulator, Exchange, SimulatorOptions } from 'connector-simulator';
import { randomBytes } from 'node:crypto';
import { describeAnswer, eventReporter, type Wording } from '../describe-event.ts';
import { loadConnectorSimulator } from '../load-packages.ts';
import { provisionUrl, type KnownConnector } from '../service-environment.ts';
import type { Actor, Step } from '../step-printer.ts';
import { noDeadline, type DemoConnector, type DemoTransfer } from './dialect-demo.ts';

/** A connector with an HTTP provisioner, of its control plane or of its data plane. */
export interface Provisioner {
  version: SimulatorOptions['version'];
  /** Who requests the data address. */
  fetches: Actor;
  /** States of a transfer that are reported beside STARTED and TERMINATED. */
  endStates: readonly string[];
  /** Members of its entry beside its name, token and key. */
  entryOf: (simulator: ConnectorSimulator, managementKey: string) => Partial<KnownConnector>;
  transferOf: (simulator: ConnectorSimulator, assetId: string, signal: AbortSignal) => DemoTransfer;
}

export const provisionerName = 'provider';

const exchanges: Record<Exchange['kind'], string> = {
  provision: 'asks for provisioning',
  deprovision: 'asks for deprovisioning',
  callback: 'gets the callback',
  management: 'gets a call at its management API',
  source: 'asks the data address',
};

const wording: Pick<Wording<Exchange>, 'up' | 'describe'> = {
  up: 'is up and accepts callbacks with the right key',
  describe: (exchange) => `${whatOf(exchange)}: ${describeAnswer(exchange)}`,
};

function whatOf({ kind, target }: Exchange): string {
  const confirms = kind === 'callback' && target.endsWith('/deprovision');
  return confirms ? 'gets the confirmation of the deprovisioning' : exchanges[kind];
}

export async function startProvisioner(
  { version, fetches, endStates, entryOf, transferOf }: Provisioner,
  report: (step: Step) => void,
): Promise<DemoConnector> {
  const { startConnectorSimulator } = await loadConnectorSimulator();
  const [token, key] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const simulator = await startConnectorSimulator({
    version,
    provisionUrl: 'http://127.0.0.1:9/',
    managementKey: key,
    callbackKey: key,
    assets: {},
    onEvent: eventReporter({ ...wording, fetches, endStates }, report),
  });
  const named = { name: provisionerName, token, key, callbackPrefix: simulator.callbackAddress };
  const entry = { ...named, ...entryOf(simulator, key) };
  return {
    entry,
    connect(serviceUrl) {
      simulator.provisionAt(provisionUrl(serviceUrl, entry));
      return Promise.resolve();
    },
    startTransfer(assetId, signal) {
      simulator.dropAnswers(1);
      return transferOf(simulator, assetId, signal);
    },
    goDown: () => simulator.goDown(),
    comeBack: () => simulator.comeBack(),
    stop: () => simulator.stop(),
  };
}

/** Throws the reason and the service's answer if the transfer ends before, because its request was refused. */
export async function untilStarted(
  simulator: ConnectorSimulator,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await simulator.waitFor(id, 'STARTED', { deadlineMs: noDeadline, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { errorDetail = 'no reason given' } = simulator.process(id);
    const answer = simulator.exchanges({ kind: 'provision', transferProcessId: id }).at(-1)?.answer ?? '';
    const sentence = `the transfer ended before its data was ready: ${errorDetail}; the service's answer: ${answer}`;
    throw new Error(sentence, { cause: error });
  }
}
