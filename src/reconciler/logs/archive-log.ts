import { ServiceError } from '../../errors.ts';
import { workerContainer, type Attempt } from '../../flow/attempt.ts';
import { logKey } from '../../flow/keys.ts';
import { LogEnd } from '../../flow/log-end.ts';
import { LogRedactor } from '../../flow/log-redactor.ts';
import { createLogFormat, TimedLog, type LogPart } from '../../flow/timed-log.ts';
import { readSecrets } from '../../requests/logs/read-secrets.ts';
import type { Reconciler } from '../reconciler.ts';
import type { LargeLogs } from './large-logs.ts';

export interface ArchivingDeps extends Pick<Reconciler, 'cluster' | 'store' | 'config'> {
  largeLogs: LargeLogs;
}

/**
 * Stores the log of an attempt's worker, with times and without the values of the Secrets that it was given: one request for the log, one
 * for the object. A log that is too long loses its start.
 */
export async function archiveLog(deps: ArchivingDeps, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const secrets = await readSecrets(deps.cluster, attempt.secrets ?? [], signal);
  const options = { container: workerContainer, follow: false };
  const chunks = await deps.cluster.openLog(attempt.pod, options, signal);
  using memory = deps.largeLogs.open();
  const end = new LogEnd(deps.config.pods.keptLogBytes);
  for await (const bytes of redact(chunks, secrets)) {
    end.push(bytes);
    await memory.hold(end.size, signal);
  }
  // Containers of a deleted pod may be removed while our finalizer keeps it: what is stored of its log stays.
  if (end.size === 0 && attempt.deletedAt !== undefined) return;
  const object = {
    key: logKey(attempt.flow, { attempt: attempt.id, createdAt: attempt.createdAt }),
    body: end.end(),
    contentType: 'text/plain; charset=utf-8',
  };
  await deps.store.put(object, signal);
}

async function* redact(chunks: AsyncIterable<Buffer>, secrets: readonly Buffer[]): AsyncGenerator<Buffer> {
  const log = new TimedLog();
  const redactor = new LogRedactor(secrets);
  const format = createLogFormat({ timestamps: true });
  let isLog = false;
  function check(parts: LogPart[]): LogPart[] {
    const [first] = parts;
    if (!isLog && first?.time === '')
      throw new ServiceError('cluster-refused', 'expected a log, received a message of the node');
    isLog ||= first !== undefined;
    return parts;
  }
  for await (const chunk of chunks) yield format(redactor.push(check(log.push(chunk))));
  yield format([...redactor.push(check(log.end())), ...redactor.end()]);
}
