import { formatTable } from '../client/table.ts';
import type { ConnectorProbe } from '../dialects/probe-connectors.ts';
import { loadConnectorSettings } from './template-settings.ts';
import { createAgent } from '../http-agent.ts';

/** Prints a line for each check of each configured connector, and fails if a check fails. */
export async function checkConnectors({
  file,
  json,
}: {
  file: string | undefined;
  json: boolean;
}): Promise<void> {
  const { config, secrets } = loadConnectorSettings(file);
  if (config.connectors.length === 0) {
    process.stderr.write('no connector is configured: set EDC_JP_CONFIG, or give --config FILE\n');
    process.exitCode = 1;
    return;
  }
  const [{ builtInDialects: dialects }, { probeConnectors }] = await Promise.all([
    import('../dialects/built-in.ts'),
    import('../dialects/probe-connectors.ts'),
  ]);
  const dispatcher = createAgent({ connect: { timeout: config.reconciler.deliveryTimeoutMillis } });
  try {
    const parts = { dialects, config, secrets, dispatcher };
    const probes = await probeConnectors(parts, new AbortController().signal);
    process.stdout.write(json ? `${JSON.stringify(probes, null, 2)}\n` : formatProbes(probes));
    if (probes.some(({ result }) => result === 'failed')) process.exitCode = 1;
  } finally {
    await dispatcher.destroy();
  }
}

const heading = ['CONNECTOR', 'DIALECT', 'CHECK', 'RESULT', 'DETAIL'];

function formatProbes(probes: readonly ConnectorProbe[]): string {
  const rows = probes.flatMap(({ connector, dialect, check, result, address, detail, advice }) => [
    [connector, dialect, check, result, address === undefined ? detail : `${address} ${detail}`],
    ...(advice === undefined ? [] : [['', '', '', '', advice]]),
  ]);
  return formatTable([heading, ...rows]);
}
