import { connectCluster, type Cluster } from '../../src/kubernetes/cluster.ts';
import { connect } from '../../src/kubernetes/connection.ts';
import { createResourceClient, type ResourceClient } from '../../src/kubernetes/resource-client.ts';
import { flowLabel } from '../../src/flow/labels.ts';
import { readFlow, type Flow } from '../../src/flow/flow.ts';
import type { ConfigMap, Job, KubernetesObject, Pod, Secret } from '../../src/kubernetes/types.ts';

const requestTimeoutMillis = 30_000;

/** What a world's namespace holds, seen as `kubectl` sees it. */
export class Namespace {
  readonly name: string;
  readonly cluster: Cluster;
  readonly #namespaces: ResourceClient<KubernetesObject>;
  readonly #client: <T extends KubernetesObject>(plural: string) => ResourceClient<T>;
  readonly #close: () => Promise<void>;

  constructor(
    name: string,
    parts: {
      cluster: Cluster;
      namespaces: ResourceClient<KubernetesObject>;
      client: <T extends KubernetesObject>(plural: string) => ResourceClient<T>;
      close: () => Promise<void>;
    },
  ) {
    this.name = name;
    this.cluster = parts.cluster;
    this.#namespaces = parts.namespaces;
    this.#client = parts.client;
    this.#close = parts.close;
  }

  async create(): Promise<void> {
    await this.#namespaces.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.name } },
      signal(),
    );
  }

  /** With what is in it; finalizers are taken off first, as nobody is left who would. */
  async destroy(): Promise<void> {
    for (const job of await this.jobs()) await this.#release(this.cluster.jobs, job);
    await this.#namespaces.delete(this.name, { propagationPolicy: 'Background' }, signal());
    for (const pod of await this.pods()) await this.#release(this.cluster.pods, pod);
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** Labels of the namespace itself, as an operator sets policies. */
  async label(labels: Record<string, string>): Promise<void> {
    await this.#namespaces.patch(this.name, { metadata: { labels } }, signal());
  }

  /** Objects of another kind of the core API, by its plural. */
  kind<T extends KubernetesObject>(plural: string): ResourceClient<T> {
    return this.#client<T>(plural);
  }

  async jobs(): Promise<Job[]> {
    return (await this.cluster.jobs.list({}, signal())).items;
  }

  async job(flow: string): Promise<Job | undefined> {
    return await this.cluster.jobs.get(flow, signal());
  }

  /** A flow as its Job's annotations tell it. */
  async flow(flow: string): Promise<Flow | undefined> {
    const job = await this.job(flow);
    return job === undefined ? undefined : readFlow(job);
  }

  async pods(flow?: string): Promise<Pod[]> {
    return (await this.cluster.pods.list(selection(flow), signal())).items;
  }

  async secrets(flow?: string): Promise<Secret[]> {
    return (await this.cluster.secrets.list(selection(flow), signal())).items;
  }

  async configMaps(flow?: string): Promise<ConfigMap[]> {
    return (await this.cluster.configMaps.list(selection(flow), signal())).items;
  }

  /** For a registry that is not there. */
  async createPullSecret(name: string): Promise<void> {
    const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') };
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', data };
    await this.cluster.secrets.create({ ...secret, metadata: { name } }, signal());
  }

  /** Whose Lease it is: the replica that reconciles. */
  async leader(): Promise<string | undefined> {
    const [lease] = (await this.cluster.leases.list({}, signal())).items;
    return lease?.spec?.holderIdentity;
  }

  /** As `kubectl delete job` does it: in the background, held only by finalizers. */
  async deleteJob(flow: string): Promise<void> {
    await this.cluster.jobs.delete(flow, { propagationPolicy: 'Background' }, signal());
  }

  async #release<T extends KubernetesObject>(client: ResourceClient<T>, object: T): Promise<void> {
    const { name = '', finalizers = [] } = object.metadata ?? {};
    if (finalizers.length === 0) return;
    await client.patch(name, { metadata: { finalizers: null } }, signal()).catch(() => undefined);
  }
}

export async function openNamespace(kubeconfig: string, name: string): Promise<Namespace> {
  const config = { kubeconfig, namespace: name, requestTimeoutMillis };
  const cluster = await connectCluster(config);
  const connection = await connect(config);
  const namespaces = createResourceClient<KubernetesObject>(connection, '/api/v1/namespaces');
  async function close(): Promise<void> {
    await Promise.all([cluster.close(), connection.close()]);
  }
  function client<T extends KubernetesObject>(plural: string): ResourceClient<T> {
    return createResourceClient<T>(connection, `/api/v1/namespaces/${name}/${plural}`);
  }
  return new Namespace(name, { cluster, namespaces, client, close });
}

function selection(flow: string | undefined): { labelSelector?: string } {
  return flow === undefined ? {} : { labelSelector: `${flowLabel}=${flow}` };
}

function signal(): AbortSignal {
  return AbortSignal.timeout(requestTimeoutMillis);
}
