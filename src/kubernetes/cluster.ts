import type { ClusterConfig } from '../config/config.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { connect, openAccess, type Connection } from './connection.ts';
import { openLog, type OpenedLogOptions } from './open-log.ts';
import { readLog, type LogOptions, type LogText } from './read-log.ts';
import { findMissingRights, type Right } from './rights.ts';
import { createResourceClient, type ResourceClient } from './resource-client.ts';
import type { ConfigMap, Event, Job, Lease, Pod, Secret } from './types.ts';

/** The cluster as the service sees it: six kinds in the Jobs' namespace. */
export interface Cluster {
  jobs: ResourceClient<Job>;
  pods: ResourceClient<Pod>;
  configMaps: ResourceClient<ConfigMap>;
  secrets: ResourceClient<Secret>;
  leases: ResourceClient<Lease>;
  events: ResourceClient<Event>;
  /** The end of a container's log. Throws ServiceError `cluster-*`. */
  readLog(pod: string, options: LogOptions, signal: AbortSignal): Promise<LogText>;
  /** A container's log, each line after its time, while it is written if wanted. Throws ServiceError `cluster-*`. */
  openLog(pod: string, options: OpenedLogOptions, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** Throws `invalid-config` for a server older than native sidecars (1.29). */
  checkVersion(signal: AbortSignal): Promise<string>;
  /** Throws `cluster-not-found` if the Jobs' namespace does not exist, `cluster-unavailable` if that is not known. */
  checkNamespace(signal: AbortSignal): Promise<void>;
  /** The rights that the service needs in the Jobs' namespace and does not have. */
  findMissingRights(signal: AbortSignal): Promise<Right[]>;
  /** The same cluster; `beforeWrite` runs right before each write, and stops it by throwing. */
  guarded(beforeWrite: () => void): Cluster;
  close(): Promise<void>;
}

export async function connectCluster(config: ClusterConfig): Promise<Cluster> {
  const access = await openAccess(config);
  const connections: Connections = {
    connection: await connect(config, { access }),
    // A renewal of the Lease must not wait behind a thousand Jobs.
    leaseConnection: await connect(config, { access }),
    // A followed log keeps its connection, and may be silent for long before its first byte. Who opens logs bounds their number.
    logConnection: await connect(config, { access, connections: null, headersTimeout: 0 }),
  };
  return clusterOf(connections, config.namespace, async () => {
    access.credentials.close();
    await Promise.all(Object.values(connections).map((connection: Connection) => connection.close()));
  });
}

type Connections = Record<'connection' | 'leaseConnection' | 'logConnection', Connection>;

function clusterOf(
  { connection, leaseConnection, logConnection }: Connections,
  name: string,
  close: () => Promise<void>,
): Cluster {
  const namespace = encodeURIComponent(name);
  const core = `/api/v1/namespaces/${namespace}`;
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return {
    jobs: createResourceClient(connection, `/apis/batch/v1/namespaces/${namespace}/jobs`),
    pods: createResourceClient(connection, `${core}/pods`),
    configMaps: createResourceClient(connection, `${core}/configmaps`),
    secrets: createResourceClient(connection, `${core}/secrets`),
    leases: createResourceClient(leaseConnection, leases),
    events: createResourceClient(connection, `${core}/events`),
    readLog: (pod, options, signal) =>
      readLog(connection, { path: `${core}/pods/${encodeURIComponent(pod)}`, ...options }, signal),
    openLog: (pod, options, signal) =>
      openLog(logConnection, { path: `${core}/pods/${encodeURIComponent(pod)}`, ...options }, signal),
    checkVersion: async (signal) =>
      checkVersion(await connection.json({ method: 'GET', path: '/version' }, signal)),
    checkNamespace: (signal) => checkNamespace(connection, `${core}/configmaps`, signal),
    findMissingRights: (signal) => findMissingRights(connection, name, signal),
    guarded(beforeWrite) {
      const guarded = {
        connection: connection.guarded(beforeWrite),
        leaseConnection: leaseConnection.guarded(beforeWrite),
        logConnection,
      };
      return clusterOf(guarded, name, close);
    },
    close,
  };
}

/**
 * Creates an object as a dry run: the service has no right to read the namespace itself, and a GET or a list in it is the same for a
 * missing namespace and an empty one.
 */
async function checkNamespace(connection: Connection, path: string, signal: AbortSignal): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'edc-job-provisioner-check' } };
  try {
    await connection.json({ method: 'POST', path, query: { dryRun: 'All' }, body }, signal);
  } catch (error) {
    // The namespace exists, and something in it refused this object.
    if (!isServiceError(error, 'cluster-refused', 'cluster-exists', 'cluster-conflict')) throw error;
  }
}

const minimumMinor = 29;

function checkVersion(answer: unknown): string {
  const {
    major = '',
    minor = '',
    gitVersion = '',
  } = answer as { major?: string; minor?: string; gitVersion?: string };
  const number = Number.parseInt(minor, 10);
  if (major === '1' && number < minimumMinor) {
    throw new ServiceError(
      'invalid-config',
      `cluster: Kubernetes 1.${minimumMinor} or newer is needed (native sidecars); this server is ${gitVersion}.`,
      { field: 'cluster' },
    );
  }
  return gitVersion;
}
