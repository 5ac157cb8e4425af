import { workerContainer } from '../../flow/attempt.ts';
import { buildLogTail, logLines, redactMessage } from '../../flow/log-tail.ts';
import type { SecretReference } from '../../flow/secret-references.ts';
import { flowLogger } from '../../log.ts';
import { readSecrets } from '../../requests/logs/read-secrets.ts';
import type { Reconciler } from '../reconciler.ts';

/** An outcome does not wait longer for output that only explains it. */
const timeoutMillis = 3000;
/** More than is kept, so that twenty long lines are cut at their start and not at their end. */
const readBytes = 64 * 1024;

export interface WorkerOutput {
  /** The last lines of its log. */
  log?: string;
  /** Its termination message. */
  message?: string;
}

type Deps = Pick<Reconciler, 'cluster' | 'config' | 'log'>;

interface EndedWorker {
  flow: string;
  pod: string;
  /** Whose values it was given. */
  secrets: readonly SecretReference[];
  /** Its termination message, as the pod's status has it. */
  message?: string | undefined;
}

/**
 * Reads a worker's last output, without the values of the Secrets that it was given (parameters with `writeOnly`, `secretKeyRef`,
 * `secretRef`, mounted ones). Never throws and never takes long: output that cannot be read or redacted is left out.
 */
export async function readWorkerOutput(
  deps: Deps,
  { flow, pod, secrets: references, message }: EndedWorker,
  signal: AbortSignal,
): Promise<WorkerOutput> {
  const millis = Math.min(timeoutMillis, deps.config.cluster.requestTimeoutMillis);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(millis)]);
  const log = flowLogger(deps.log, flow);
  const values = await orUndefined(readSecrets(deps.cluster, references, bounded), (err) => {
    log.warn({ err }, 'worker log left out: its secrets cannot be read');
  });
  if (values === undefined) return {};
  const secrets = values.map((value) => value.toString('utf8'));
  const options = { container: workerContainer, tailLines: logLines, limitBytes: readBytes };
  const text = await orUndefined(deps.cluster.readLog(pod, options, bounded), (err) => {
    log.warn({ err }, 'worker log left out: it cannot be read');
  });
  const tail = text === undefined ? '' : buildLogTail({ ...text, secrets });
  return {
    ...(tail === '' ? {} : { log: tail }),
    ...(message === undefined ? {} : { message: redactMessage(message, secrets) }),
  };
}

async function orUndefined<T>(call: Promise<T>, report: (error: unknown) => void): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    report(error);
    return undefined;
  }
}
