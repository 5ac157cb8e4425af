import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startCluster, type EmbeddedCluster } from 'embedded-kubernetes';
import { startStore } from 'embedded-s3';
import { projectFolder } from './command-process.ts';
import { runOnServers } from './run-on-servers.ts';

/** A cluster and a store, wherever they come from. */
export interface Servers {
  /** Path. */
  kubeconfig: string;
  /** For tests that need their 'own API server'. */
  api: ApiServerSwitch;
  s3: {
    endpoint: string;
    /** As pods reach it. */
    podEndpoint: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    credentials: 'sts' | 'static';
  };
  /** How the cluster calls our own image. */
  sidecarImage: string;
  /** Servers that go away with the test: what is left in them needs no tidying. */
  disposable: { cluster: boolean; store: boolean };
  /** The plug of the embedded cluster's only node; a real one's are pulled by its scripts. */
  node?: EmbeddedCluster['node'];
}

/** The API server alone: its data, address and certificates stay, and so does what runs in the cluster. */
export interface ApiServerSwitch {
  stop(): Promise<void>;
  /** Resolves when it is ready. Earlier watches end with 410. */
  start(): Promise<void>;
}

/**
 * The embedded servers, in this process; or those that the environment names: a cluster by `TEST_KUBECONFIG` (and
 * `TEST_SIDECAR_IMAGE`), a store by `TEST_S3_ENDPOINT`, `TEST_S3_ACCESS_KEY`, `TEST_S3_SECRET_KEY` and, where they differ
 * from the defaults, `TEST_S3_REGION`, `TEST_S3_POD_ENDPOINT` and `TEST_S3_CREDENTIALS=static` (a store without STS).
 * A real cluster's pods cannot reach an embedded store.
 */
export async function startServers(folder: string, stack: AsyncDisposableStack): Promise<Servers> {
  const { TEST_KUBECONFIG: kubeconfig, TEST_S3_ENDPOINT: endpoint, TEST_SIDECAR_IMAGE: image } = process.env;
  if (kubeconfig !== undefined && endpoint === undefined)
    throw new Error('TEST_KUBECONFIG: expected TEST_S3_ENDPOINT beside it');
  const cluster =
    kubeconfig === undefined ? await embeddedCluster(folder, stack) : { kubeconfig, api: realApiServer };
  const s3 = endpoint === undefined ? await embeddedStore(folder, stack) : externalStore(endpoint);
  return {
    ...cluster,
    s3,
    sidecarImage: image ?? 'edc-job-provisioner:dev',
    disposable: { cluster: kubeconfig === undefined, store: endpoint === undefined },
  };
}

// Seconds where a real cluster waits a minute before it gives a node up.
const nodeGraceMillis = 2000;

async function embeddedCluster(folder: string, stack: AsyncDisposableStack) {
  const images = { file: join(projectFolder, 'config', 'dev.yaml'), project: projectFolder };
  const cluster = await startCluster({ directory: join(folder, 'cluster'), images, nodeGraceMillis });
  stack.defer(() => cluster.stop());
  const { kubeconfig, node, api } = cluster;
  return { kubeconfig, node, api };
}

const realApiServer: ApiServerSwitch = {
  async stop() {
    await runOnServers('control-plane', 'apiserver', 'stop');
  },
  async start() {
    // Its cache begins with what is there; etcd would still tell of what was before.
    await runOnServers('control-plane', 'compact');
    await runOnServers('control-plane', 'apiserver', 'start');
  },
};

async function embeddedStore(folder: string, stack: AsyncDisposableStack): Promise<Servers['s3']> {
  const keys = { accessKeyId: 'test-operator', secretAccessKey: randomBytes(24).toString('hex') };
  const store = await startStore({ directory: join(folder, 'store'), ...keys });
  stack.defer(() => store.stop());
  return {
    ...keys,
    endpoint: store.url,
    podEndpoint: store.url,
    region: 'us-east-1',
    credentials: 'sts',
  };
}

function externalStore(endpoint: string): Servers['s3'] {
  const { env } = process;
  return {
    endpoint,
    podEndpoint: env['TEST_S3_POD_ENDPOINT'] ?? endpoint,
    region: env['TEST_S3_REGION'] ?? 'us-east-1',
    accessKeyId: required('TEST_S3_ACCESS_KEY'),
    secretAccessKey: required('TEST_S3_SECRET_KEY'),
    credentials: env['TEST_S3_CREDENTIALS'] === 'static' ? 'static' : 'sts',
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name}: expected a value beside TEST_S3_ENDPOINT`);
  return value;
}
