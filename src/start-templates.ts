import { backOffMillis } from './back-off.ts';
import { systemClock } from './clock.ts';
import type { Clients } from './clients.ts';
import type { Config } from './config/config.ts';
import { checkTemplates, findMisfits } from './dialects/check-templates.ts';
import type { Dialect } from './dialects/dialect.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './log.ts';
import { TemplateCatalog } from './template-store/template-catalog.ts';
import { loadTemplates } from './template/load-templates.ts';
import type { Template } from './template/template.ts';
import { withinDeadline } from './until-aborted.ts';

interface TemplateParts {
  config: Config;
  log: Logger;
  dialects: readonly Dialect[];
}

interface Shipped extends TemplateParts {
  templates: readonly Template[];
}

/** Loads the templates of the folder. Throws if one of them has an error, or does not fit a connector that may use it. */
export async function loadShipped(parts: TemplateParts): Promise<Shipped> {
  const { config, log, dialects } = parts;
  function warn(problem: string): void {
    log.warn({ problem }, 'template warning');
  }
  const templates = await loadTemplates(config.templates.directory, config, warn);
  checkTemplates(templates, { dialects, connectors: config.connectors, warn });
  return { ...parts, templates };
}

interface StartedTemplates {
  catalog: TemplateCatalog;
  /** Resolves after the signal has aborted. */
  followed: Promise<void>;
}

/** A reading of the stored templates that takes longer is a failure. */
const deadlineMillis = 10_000;
/** Shorter than the time that a start-up probe gives the service. */
const startMillis = 45_000;
const pauses = { firstMillis: 500, maxMillis: 5000 };

/**
 * Reads the stored templates if `templates.writable` is set, and follows them until the signal aborts. Throws if the store cannot be read
 * within `startMillis`: a request for a stored template would be refused for good. A closed port makes connectors repeat it.
 */
export async function startTemplates(
  { config, log, dialects, templates: shipped }: Shipped,
  { store, uploads, close }: Pick<Clients, 'store' | 'uploads' | 'close'>,
  signal: AbortSignal,
): Promise<StartedTemplates> {
  const { writable, maxStored, refreshSeconds } = config.templates;
  const catalog = new TemplateCatalog({
    ...{ shipped, store, uploads, maxStored, settings: config, now: () => new Date() },
    findMisfits: (templates) => findMisfits(templates, { dialects, connectors: config.connectors }),
    warn(problem) {
      log.warn(problem, 'stored template cannot be used');
    },
  });
  if (!writable) return { catalog, followed: Promise.resolve() };
  try {
    await withinDeadline((within) => readFirst(catalog, log, within), startMillis, signal);
  } catch (error) {
    // Open connections would keep the process alive.
    await close();
    throw error;
  }
  return { catalog, followed: follow({ catalog, log, pauseMillis: refreshSeconds * 1000 }, signal) };
}

async function readFirst(catalog: TemplateCatalog, log: Logger, signal: AbortSignal): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await withinDeadline((within) => catalog.refresh(within), deadlineMillis, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ problem: messageOf(error) }, 'stored templates cannot be read');
      await systemClock.sleep(backOffMillis(pauses, failures), signal);
    }
  }
}

/** Keeps the last known templates while the store does not answer. */
async function follow(
  { catalog, log, pauseMillis }: { catalog: TemplateCatalog; log: Logger; pauseMillis: number },
  signal: AbortSignal,
): Promise<void> {
  let failed = false;
  while (!signal.aborted) {
    await systemClock.sleep(pauseMillis, signal);
    if (isAborted(signal)) return;
    try {
      await withinDeadline((within) => catalog.refresh(within), deadlineMillis, signal);
      if (failed) log.info('stored templates are read again');
      failed = false;
    } catch (error) {
      if (isAborted(signal)) return;
      if (!failed) log.warn({ problem: messageOf(error) }, 'stored templates cannot be read');
      failed = true;
    }
  }
}

/** A function, so that the type checker does not take the signal's state for constant. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
