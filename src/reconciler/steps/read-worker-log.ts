import { ServiceError } from '../../errors.ts';
import { workerContainer } from '../../flow/attempt.ts';
import { buildLogTail, logLines, redactMessage } from '../../flow/log-tail.ts';
import type { Container, Pod } from '../../kubernetes/types.ts';
import { flowLogger } from '../../log.ts';
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
  /** Its termination message, as the pod's status has it. */
  message?: string | undefined;
}

/**
 * Reads a worker's last output, without the values of the Secrets that it was given (parameters with `writeOnly`, `secretKeyRef`,
 * `secretRef`, mounted ones). Never throws and never takes long: output that cannot be read or redacted is left out.
 */
export async function readWorkerOutput(
  deps: Deps,
  { flow, pod, message }: EndedWorker,
  signal: AbortSignal,
): Promise<WorkerOutput> {
  const millis = Math.min(timeoutMillis, deps.config.cluster.requestTimeoutMillis);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(millis)]);
  const log = flowLogger(deps.log, flow);
  const secrets = await orUndefined(readSecrets(deps, pod, bounded), (err) => {
    log.warn({ err }, 'worker log left out: its secrets cannot be read');
  });
  if (secrets === undefined) return {};
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

/** Throws if any of them cannot be read: the log may contain it. */
async function readSecrets({ cluster }: Deps, name: string, signal: AbortSignal): Promise<string[]> {
  const pod = await cluster.pods.get(name, signal);
  if (pod === undefined) throw new ServiceError('cluster-not-found', `The pod ${name} is gone.`);
  const values = await Promise.all(
    referencesOf(pod).map(async (reference) => {
      // Not a get: the Role grants only `list` on Secrets.
      const options = { fieldSelector: `metadata.name=${reference.name}` };
      const { items } = await cluster.secrets.list(options, signal);
      if (items.length === 0 && !reference.optional) {
        throw new ServiceError('cluster-not-found', `The Secret ${reference.name} is gone.`);
      }
      return items.flatMap(({ data = {} }) => Object.values(data));
    }),
  );
  return values.flat().map((value) => Buffer.from(value, 'base64').toString('utf8'));
}

interface Reference {
  name: string;
  optional: boolean;
}

function referencesOf({ spec }: Pod): Reference[] {
  const worker = spec?.containers.find(({ name }) => name === workerContainer);
  const volumes = (spec?.volumes ?? []).flatMap(({ secret }) =>
    secret === undefined ? [] : [{ name: secret.secretName, optional: secret.optional }],
  );
  const found = [...volumes, ...environmentSecrets(worker)].flatMap(({ name, optional = false }) =>
    name === undefined ? [] : [{ name, optional }],
  );
  return [...new Map(found.map((reference) => [reference.name, reference])).values()];
}

function environmentSecrets(worker: Container | undefined): { name?: string; optional?: boolean }[] {
  const { env = [], envFrom = [] } = worker ?? {};
  return [
    ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
    ...envFrom.flatMap(({ secretRef }) => secretRef ?? []),
  ];
}
