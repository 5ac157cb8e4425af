import type { Exchange, SignalingEvent, SignalingMessage, SignalingSimulator } from 'connector-simulator';
import { randomBytes } from 'node:crypto';
import { flowName } from '../../flow/names.ts';
import { untilAborted } from '../../until-aborted.ts';
import { describeAnswer, eventReporter } from '../describe-event.ts';
import { loadConnectorSimulator } from '../load-packages.ts';
import type { KnownConnector } from '../service-environment.ts';
import type { Step } from '../step-printer.ts';
import { noDeadline, type DemoConnector, type DemoTransfer } from './dialect-demo.ts';

type TransferOf = (simulator: SignalingSimulator, assetId: string, signal: AbortSignal) => DemoTransfer;

const [name, dialect] = ['provider', 'signaling'];

/** Sent with the start message: a template may take a parameter from it. */
export const metadata = { year: 2014 };

/** A provider's control plane, at which the service registers itself as a data plane. */
export async function startControlPlane(
  transferOf: TransferOf,
  report: (step: Step) => void,
): Promise<DemoConnector> {
  const { startSignalingSimulator } = await loadConnectorSimulator();
  const [token, managementKey] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const registered = Promise.withResolvers<undefined>();
  const reportEvent = eventReporter<SignalingMessage>(
    { describe, fetches: 'consumer', up: 'is up and accepts callbacks', endStates: ['COMPLETED'] },
    report,
  );
  const simulator: SignalingSimulator = await startSignalingSimulator({
    release: '0.18.0-signaling',
    managementKey,
    onEvent(event: SignalingEvent) {
      reportEvent(event);
      if (event.kind === 'exchange' && isRegistration(event.exchange) && event.exchange.status === 200)
        registered.resolve(undefined);
    },
  });
  return {
    entry: { name, token, managementKey, ...settingsFor(simulator) },
    connect: (_serviceUrl, signal) => untilAborted(registered.promise, signal),
    startTransfer(assetId, signal) {
      simulator.dropAnswers(1);
      return transferOf(simulator, assetId, signal);
    },
    goDown: () => simulator.goDown(),
    comeBack: () => simulator.comeBack(),
    stop: () => simulator.stop(),
  };
}

function settingsFor({
  callbackAddress: callbackPrefix,
  managementUrl,
}: SignalingSimulator): Omit<KnownConnector, 'name' | 'token'> {
  const registration = {
    url: `${managementUrl}/v4/dataplanes`,
    profiles: ['HttpData-PULL', 'HttpData-PUSH'],
  };
  const settings = { dialect, managementVersion: 'v4', onFailure: 'terminate', registration };
  return { callbackPrefix, managementUrl, settings };
}

function describe(exchange: Exchange<SignalingMessage>): string {
  return `${whatOf(exchange)}: ${describeAnswer(exchange)}${stateIn(exchange.answer)}`;
}

function whatOf(exchange: Exchange<SignalingMessage>): string {
  const { kind, target } = exchange;
  if (kind === 'start') return `sends start with metadata ${JSON.stringify(metadata)}`;
  if (kind === 'callback') return `gets ${target.slice(target.lastIndexOf('/') + 1)}`;
  if (kind === 'source') return 'asks the data address';
  if (kind !== 'management') return `sends ${kind}`;
  return isRegistration(exchange)
    ? 'registers the service as a data plane'
    : 'gets a call at its management API';
}

function isRegistration({ method, target }: Exchange<SignalingMessage>): boolean {
  return method === 'PUT' && target.endsWith('/dataplanes');
}

/** Answers to messages name the state of the data flow. */
function stateIn(answer: string): string {
  const [, state] = /"state" *: *"([A-Z]+)"/.exec(answer) ?? [];
  return state === undefined ? '' : ` ${state}`;
}

export function dataFlowName({ id: processId }: { id: string }): string {
  return flowName({ dialect, connector: name, ids: { processId } });
}

/** Rejects with the reason if the transfer ends before. */
export async function untilState(
  simulator: SignalingSimulator,
  { id, state }: { id: string; state: 'STARTED' | 'COMPLETED' },
  signal: AbortSignal,
): Promise<void> {
  try {
    await simulator.waitFor(id, state, { deadlineMs: noDeadline, signal });
  } catch (error) {
    signal.throwIfAborted();
    const reason = simulator.process(id).errorDetail ?? 'no reason given';
    throw new Error(`the transfer ended before it was ${state}: ${reason}`, { cause: error });
  }
}
