import type { ConnectorConfig } from '../config/config.ts';
import { isServiceError } from '../errors.ts';
import { withinDeadline } from '../until-aborted.ts';
import { connectorCallBuilder, type CallParts } from './connector-calls.ts';
import type { Dialect, ProbeCall, ProbeResult } from './dialect.ts';

export interface ConnectorProbe extends ProbeResult {
  connector: string;
  dialect: string;
}

type Parts = Omit<CallParts, 'metrics'>;

/** Connectors that are checked at once. */
const concurrency = 8;

/** A check makes up to four requests, one after the other. */
const requestsInSequence = 4;

/** Checks each configured connector, within a deadline of its own. Throws only when `signal` aborts. */
export async function probeConnectors(parts: Parts, signal: AbortSignal): Promise<ConnectorProbe[]> {
  const { config, dialects, secrets } = parts;
  const buildCall = connectorCallBuilder(parts);
  const probes: ConnectorProbe[] = [];
  for (let from = 0; from < config.connectors.length; from += concurrency) {
    const batch = config.connectors.slice(from, from + concurrency).map(async (connector) => {
      const dialect = dialects.find(({ name }) => name === connector.dialect);
      const own = secrets.connectors[connector.name] ?? { tokens: [], key: undefined };
      const results = await probe(dialect, { ...buildCall(connector), config, secrets: own }, signal);
      return results.map((one) => ({ connector: connector.name, dialect: connector.dialect, ...one }));
    });
    probes.push(...(await Promise.all(batch)).flat());
  }
  return probes;
}

async function probe(
  dialect: Dialect | undefined,
  call: ProbeCall<ConnectorConfig>,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const check = 'connector';
  if (dialect?.probe === undefined)
    return [{ check, result: 'skipped', detail: 'its dialect has nothing that could be checked' }];
  const run = dialect.probe.bind(dialect, call);
  try {
    const results = await withinDeadline(run, requestsInSequence * call.timeoutMillis, signal);
    return results.map((one) => ({ ...one, detail: call.redact(one.detail) }));
  } catch (error) {
    if (!isServiceError(error, 'deadline-exceeded')) throw error;
    return [{ check, result: 'failed', detail: error.message }];
  }
}
