import type { HealthCheck } from '../http/routes/health.ts';
import type { Dialect, StartDeps, StartedDialect } from './dialect.ts';

export interface StartedDialects extends Pick<StartedDialect, 'components' | 'ended'> {
  dialects: readonly Dialect[];
}

/** Starts each dialect that has something to start. */
export function startDialects(
  dialects: readonly Dialect[],
  deps: Omit<StartDeps<never>, 'connectors'>,
): StartedDialects {
  const ended: Promise<void>[] = [];
  const components: Record<string, HealthCheck> = {};
  const started = dialects.map((dialect) => {
    const connectors = deps.config.connectors.filter((one) => one.dialect === dialect.name);
    const running = dialect.start?.({ ...deps, connectors });
    if (running === undefined) return dialect;
    const { components: own, ended: end, ...replaced } = running;
    Object.assign(components, own);
    ended.push(end);
    return { ...dialect, ...replaced };
  });
  return { dialects: started, components, ended: Promise.all(ended).then(() => undefined) };
}
