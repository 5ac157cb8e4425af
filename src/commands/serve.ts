import { parseArgs } from 'node:util';
import type { Service } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import { processEnvironment } from '../config/process-environment.ts';
import { createLogger, type Logger } from '../log.ts';
import { countSignals } from './count-signals.ts';
import { readOptions } from './command-line.ts';
import { readVersion } from './read-version.ts';

const help = `Usage: edc-job-provisioner serve [options]

Runs the service until SIGTERM or SIGINT; a second signal ends it without waiting for anybody. Settings come from the file that EDC_JP_CONFIG
names and from EDC_JP_… variables, secrets from the environment alone: docs/configuration.md. The log goes to standard error.

  --help  print this

Example: EDC_JP_CONFIG=settings.yaml edc-job-provisioner serve
`;

/** Runs the service until SIGTERM or SIGINT; a second signal ends it without waiting for anybody. */
export async function serveCommand(args: string[]): Promise<void> {
  const { values } = readOptions('serve', () =>
    parseArgs({ args, options: { help: { type: 'boolean', default: false } } }),
  );
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const { config, secrets, warnings } = loadConfig({ env: processEnvironment() });
  const log = createLogger(config.log.level);
  for (const warning of warnings) log.warn({ warning }, 'The configuration is usable, and yet:');
  const { startService } = await import('../app.ts');
  const service = await startService({ config, secrets, version: readVersion(), log });
  await stopOnSignal(service, log);
}

async function stopOnSignal(service: Service, log: Logger): Promise<void> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  await new Promise<void>((resolve, reject) => {
    const count = countSignals();
    let answered = 0;
    function onSignal(signal: NodeJS.Signals): void {
      const asked = count(signal);
      if (asked === answered) return;
      answered = asked;
      log.info({ signal }, asked === 1 ? 'The service stops.' : 'The service stops at once.');
      (asked === 1 ? service.stop() : service.kill()).then(resolve, reject);
    }
    for (const signal of signals) process.on(signal, onSignal);
  });
}
