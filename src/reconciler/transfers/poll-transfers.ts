import { isServiceError, messageOf } from '../../errors.ts';
import type { Flow } from '../../flow/flow.ts';
import { flowLogger, type Logger } from '../../log.ts';
import { backOffMillis } from '../../back-off.ts';
import type { Clock } from '../../clock.ts';
import { TransferMemory } from './transfer-memory.ts';
import type { Connectors } from '../types.ts';

export interface TransferPolling {
  connectors: Pick<Connectors, 'polled' | 'poll'>;
  /** Between two polls of a connector; 0: no polls. */
  seconds: number;
  flows: () => Iterable<Flow>;
  /** Cancels a flow whose transfer has ended. */
  end: (flow: Flow, message: string, signal: AbortSignal) => Promise<void>;
  clock: Clock;
  random?: () => number;
  log: Logger;
}

/**
 * On the leading replica: polls each connector for the transfers of its open flows, and cancels the flows whose transfers have ended there,
 * since no request says so. Connectors do not wait for one another; one without open flows is not polled.
 */
export async function pollTransfersUntilAborted(
  polling: TransferPolling,
  signal: AbortSignal,
): Promise<void> {
  if (polling.seconds === 0) return;
  await Promise.all(polling.connectors.polled.map((connector) => pollConnector(polling, connector, signal)));
}

async function pollConnector(
  polling: TransferPolling,
  connector: string,
  signal: AbortSignal,
): Promise<void> {
  const watch: ConnectorWatch = { connector, memory: new TransferMemory(), reported: undefined };
  let failures = 0;
  for (;;) {
    await polling.clock.sleep(waitMillis(polling, failures), signal);
    if (signal.aborted) return;
    const worked = await pollOnce(polling, watch, signal);
    failures = worked ? 0 : failures + 1;
  }
}

/** After failures, the pause doubles up to sixteen times the interval, and to one hour unless the interval is longer. */
function waitMillis({ seconds, random }: TransferPolling, failures: number): number {
  const firstMillis = seconds * 1000;
  const maxMillis = Math.max(firstMillis, Math.min(16 * firstMillis, 3_600_000));
  return backOffMillis({ firstMillis, maxMillis }, failures + 1, random);
}

interface ConnectorWatch {
  connector: string;
  memory: TransferMemory;
  /** The last problem that was logged, so that each one is logged once. */
  reported: string | undefined;
}

/** False: the connector did not answer, or its answer is incomplete. */
async function pollOnce(
  polling: TransferPolling,
  watch: ConnectorWatch,
  signal: AbortSignal,
): Promise<boolean> {
  const flows = new Map(flowsUnderWay(polling, watch.connector).map((flow) => [flow.name, flow]));
  if (flows.size === 0) return true;
  try {
    const { states, problem } = await polling.connectors.poll(watch.connector, [...flows.values()], signal);
    for (const { flow: name, message } of watch.memory.update(states, new Set(flows.keys()))) {
      const flow = flows.get(name);
      if (flow !== undefined) await endFlow(polling, { flow, message }, signal);
    }
    const unknown = [...states].some(([name, { is }]) => is === 'missing' && !watch.memory.knows(name));
    report(polling.log, watch, problem ?? (unknown ? neverNamed : undefined));
    return problem === undefined;
  } catch (error) {
    if (signal.aborted) return true;
    report(polling.log, watch, messageOf(error));
    return false;
  }
}

const neverNamed =
  'it does not know transfers for which it sent requests: is the configured address that of this connector?';

function flowsUnderWay({ flows }: TransferPolling, connector: string): Flow[] {
  return [...flows()].filter(
    ({ plan, request, outcome, cancel, deprovisionAskedAt, deletedAt }) =>
      request.connector === connector &&
      // Its control plane says how it ends; a completed transfer must not be taken for one that nobody wants.
      plan.receives !== true &&
      [outcome, cancel, deprovisionAskedAt, deletedAt].every((end) => end === undefined),
  );
}

/** If it fails, the next poll tries again. */
async function endFlow(
  { end, log }: TransferPolling,
  { flow, message }: { flow: Flow; message: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await end(flow, message, signal);
    flowLogger(log, flow.name).info({ connector: flow.request.connector, message }, 'transfer ended');
  } catch (error) {
    signal.throwIfAborted();
    if (isServiceError(error, 'cluster-conflict', 'cluster-not-found')) return;
    flowLogger(log, flow.name).warn({ err: error }, 'flow with an ended transfer not cancelled yet');
  }
}

function report(log: Logger, watch: ConnectorWatch, problem: string | undefined): void {
  if (watch.reported === problem) return;
  watch.reported = problem;
  const { connector } = watch;
  if (problem === undefined) log.info({ connector }, 'transfer poll answered again');
  else log.warn({ connector, problem }, 'transfer poll failed');
}
