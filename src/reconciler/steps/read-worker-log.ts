import { ServiceError } from '../../errors.ts';
import { workerContainer } from '../../flow/attempt.ts';
import { redactWords, buildLogTail, logLines } from '../../flow/log-tail.ts';
import type { Container, Pod } from '../../kubernetes/types.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler } from '../reconciler.ts';

/** An outcome waits no longer for words that only explain it. */
const timeoutMillis = 3000;
/** More than is kept: the last of twenty long lines is worth more than the first. */
const readBytes = 64 * 1024;

export interface WorkerWords {
  /** The last lines of its log. */
  log?: string;
  /** Its termination message. */
  message?: string;
}

type Deps = Pick<Reconciler, 'cluster' | 'config' | 'log'>;

interface Asked {
  flow: string;
  pod: string;
  /** As the pod's status has it. */
  message?: string | undefined;
}

/**
 * What a worker said at its end, without the values of Secrets that it was given (parameters with `writeOnly`, `secretKeyRef`, `secretRef`,
 * mounted ones). Never throws and never takes long: words that cannot be read, or not be cleared of secrets, are left out.
 */
export async function readWorkerWords(deps: Deps, asked: Asked, signal: AbortSignal): Promise<WorkerWords> {
  const millis = Math.min(timeoutMillis, deps.config.cluster.requestTimeoutMillis);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(millis)]);
  const log = flowLogger(deps.log, asked.flow);
  const secrets = await orUndefined(readSecrets(deps, asked.pod, bounded), (err) => {
    log.warn({ err }, 'worker log left out: its secrets cannot be read');
  });
  if (secrets === undefined) return {};
  const options = { container: workerContainer, tailLines: logLines, limitBytes: readBytes };
  const text = await orUndefined(deps.cluster.readLog(asked.pod, options, bounded), (err) => {
    log.warn({ err }, 'worker log left out: it cannot be read');
  });
  const tail = text === undefined ? '' : buildLogTail({ ...text, secrets });
  return {
    ...(tail === '' ? {} : { log: tail }),
    ...(asked.message === undefined ? {} : { message: redactWords(asked.message, secrets) }),
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

/** Throws if any of them is not known: it could stand in the log. */
async function readSecrets({ cluster }: Deps, name: string, signal: AbortSignal): Promise<string[]> {
  const pod = await cluster.pods.get(name, signal);
  if (pod === undefined) throw new ServiceError('cluster-not-found', `The pod ${name} is gone.`);
  const values = await Promise.all(
    referencesOf(pod).map(async (reference) => {
      // Not a get: the service may list Secrets of its namespace and nothing more.
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
