import { readFileSync } from 'node:fs';
import { startService, type Service } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import { processEnvironment } from '../config/process-environment.ts';
import { createLogger, type Logger } from '../log.ts';
import { countSignals } from './count-signals.ts';

/** Runs the service until SIGTERM or SIGINT; a second signal ends it without waiting for anybody. */
export async function serveCommand(): Promise<void> {
  const { config, secrets, warnings } = loadConfig({ env: processEnvironment() });
  const log = createLogger(config.log.level);
  for (const warning of warnings) log.warn({ warning }, 'The configuration is usable, and yet:');
  const service = await startService({ config, secrets, version: readVersion(), log });
  await stopOnSignal(service, log);
}

export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
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
