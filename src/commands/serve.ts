import type { Service } from '../app.ts';
import { processEnvironment } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { createLogger, type Logger } from '../log.ts';
import { readArguments, readVersion } from './command-line.ts';
import { countSignals } from './signals.ts';

const help = `Usage: edc-job-provisioner serve [options]

Runs the service until SIGTERM or SIGINT; a second signal ends it without waiting for requests under way. Settings come from the file that
EDC_JP_CONFIG names and from EDC_JP_… variables, secrets from the environment alone: docs/configuration.md. The log goes to standard error.

  --help  print this

Example: EDC_JP_CONFIG=settings.yaml edc-job-provisioner serve
`;

/** Runs the service until SIGTERM or SIGINT; a second signal ends it without waiting for requests under way. */
export async function serveCommand(args: string[]): Promise<void> {
  if (readArguments('serve', help, { args }) === undefined) return;
  const { config, secrets, warnings } = loadConfig({ env: processEnvironment() });
  const log = createLogger(config.log.level);
  for (const warning of warnings) log.warn({ warning }, 'configuration warning');
  const { startService } = await import('../app.ts');
  const service = await startService({ config, secrets, version: readVersion(), log });
  await stopOnSignal(service, log);
}

async function stopOnSignal(service: Service, log: Logger): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const count = countSignals();
    let handled = 0;
    function onSignal(signal: NodeJS.Signals): void {
      const requests = count(signal);
      if (requests === handled) return;
      handled = requests;
      log.info({ signal, atOnce: requests > 1 }, 'service stops');
      (requests === 1 ? service.stop() : service.kill()).then(resolve, reject);
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  });
}
