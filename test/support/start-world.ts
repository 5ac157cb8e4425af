import { randomBytes } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ConnectorVersion, type SimulatorOptions, startConnectorSimulator } from 'connector-simulator';
import { Bucket } from './bucket.ts';
import { Gate } from './gate.ts';
import type { Settings } from './settings.ts';
import { openNamespace, type Namespace } from './namespace.ts';
import { startServers, type Servers } from './servers.ts';
import { createServiceAccount } from './service-account.ts';
import {
  startSignalingConnectors,
  type SignalingConnectorOptions,
  type SignalingEntry,
} from './signaling-connectors.ts';
import { World, type ConnectorEntry } from './world.ts';

export interface ConnectorOptions extends Partial<
  Omit<SimulatorOptions, 'version' | 'provisionUrl' | 'managementKey'>
> {
  name: string;
  version: ConnectorVersion;
  /** Asked for by name in the path; default: the asset decides. */
  template?: string;
  /** Of its callbacks and its management API; default: a random one. */
  key?: string;
  /** Members of its entry in the service's settings. */
  settings?: Settings;
  /** A data plane's only: the service may ask its control plane how transfers stand. */
  asked?: boolean;
}

export interface WorldOptions {
  /** Default: one, `provider`, of the latest release; none beside those of `signaling`. */
  connectors?: readonly ConnectorOptions[];
  /** Control planes that use the service as their data plane. */
  signaling?: readonly SignalingConnectorOptions[];
  /** How many services are started; 0: the test adds its own with `world.addService()`. */
  replicas?: number;
  /** On top of the quick ones, for every service. */
  settings?: Settings;
  /** Secrets of every service, beside those of the connectors. */
  env?: Readonly<Record<string, string>>;
  /** More templates than those in test/fixtures/templates: folder → file → content. */
  templates?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const shared = fileURLToPath(new URL('../fixtures/templates', import.meta.url));

/** Lies at every asset's own address, and must reach no consumer. */
const ownBytes = 'the bytes at the address of the asset itself';

/**
 * Cluster, store, connectors and the service as processes and servers of their own; all of it ends with the test, and a
 * test that fails shows the ends of the services' logs.
 */
export async function startWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const servers = await startServers(folder, stack);
  const name = `test-${randomBytes(5).toString('hex')}`;
  const namespace = await makeNamespace(servers, name, stack);
  const { kubeconfig } = servers;
  const access = await createServiceAccount({ kubeconfig, namespace: name, folder }, stack);
  const bucket = await makeBucket(servers, name, stack);
  const gate = await openGate(stack);
  const gated = { 'job.env': `GATE_URL=${gate.url}\n` };
  const gateEnvironment = { gated, 'gated-at-once': gated };
  const templates = await writeTemplates(join(folder, 'templates'), {
    ...gateEnvironment,
    ...options.templates,
  });
  const others = options.signaling === undefined ? defaultConnectors : [];
  const connectors = await startConnectors(options.connectors ?? others, stack);
  const signaling = await startSignalingConnectors(options.signaling ?? [], stack);
  const env = { ...secretsOf(servers, connectors, signaling), ...options.env };
  const settings = options.settings ?? {};
  const kept = { folder, templates, servers, access, namespace, bucket, gate, connectors, signaling };
  const world = new World({ ...kept, settings, env, stack });
  stack.defer(() => {
    showLogs(t, world);
  });
  await startServices(world, options.replicas ?? 1);
  return world;
}

const defaultConnectors: readonly ConnectorOptions[] = [{ name: 'provider', version: '0.15.1' }];

async function makeNamespace(
  servers: Servers,
  name: string,
  stack: AsyncDisposableStack,
): Promise<Namespace> {
  const namespace = await openNamespace(servers.kubeconfig, name);
  stack.defer(() => namespace.close());
  await namespace.create();
  if (!servers.disposable.cluster) stack.defer(() => namespace.destroy());
  return namespace;
}

async function makeBucket(servers: Servers, name: string, stack: AsyncDisposableStack): Promise<Bucket> {
  const bucket = new Bucket(name, servers.s3);
  await bucket.create();
  if (!servers.disposable.store) stack.defer(() => bucket.destroy());
  return bucket;
}

async function openGate(stack: AsyncDisposableStack): Promise<Gate> {
  const gate = new Gate();
  await gate.start();
  stack.defer(() => gate.stop());
  return gate;
}

async function writeTemplates(folder: string, own: NonNullable<WorldOptions['templates']>): Promise<string> {
  await cp(shared, folder, { recursive: true });
  await cp(join(folder, 'gated'), join(folder, 'gated-at-once'), { recursive: true });
  await appendFile(join(folder, 'gated-at-once', 'template.yaml'), 'start: at-once\n');
  for (const [template, files] of Object.entries(own)) {
    for (const [file, content] of Object.entries(files)) {
      const path = join(folder, template, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
  return folder;
}

async function startConnectors(
  wanted: readonly ConnectorOptions[],
  stack: AsyncDisposableStack,
): Promise<Map<string, ConnectorEntry>> {
  const connectors = new Map<string, ConnectorEntry>();
  for (const { name, template, settings, asked = false, key = randomSecret(), ...options } of wanted) {
    const token = randomSecret();
    const simulator = await startConnectorSimulator({
      // Until the service has a port.
      provisionUrl: 'http://127.0.0.1:9/',
      assets: new Proxy({}, { get: () => ({ ownContent: ownBytes }) }),
      ...options,
      managementKey: key,
    });
    stack.defer(() => simulator.stop());
    const { callbackAddress: callbackPrefix, managementUrl } = simulator;
    const entry = { name, callbackPrefix, ...(asked ? { managementUrl } : {}), ...settings };
    connectors.set(name, { simulator, token, key, template, settings: entry });
  }
  return connectors;
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}

function secretsOf(
  { s3 }: Servers,
  connectors: Map<string, ConnectorEntry>,
  signaling: Map<string, SignalingEntry>,
): Record<string, string> {
  const env: Record<string, string> = {
    STORE_ACCESS_KEY_ID: s3.accessKeyId,
    STORE_SECRET_ACCESS_KEY: s3.secretAccessKey,
    RESULT_KEYS: `test:${randomBytes(32).toString('hex')}`,
  };
  for (const [name, { token, key, settings }] of connectors) {
    const prefix = prefixOf(name);
    env[`${prefix}_TOKENS`] = token;
    env[`${prefix}_KEY`] = key;
    if (settings['dialect'] === 'data-plane') env[`${prefix}_MANAGEMENT_KEY`] = key;
  }
  for (const [name, { token, key }] of signaling) {
    env[`${prefixOf(name)}_TOKENS`] = token;
    env[`${prefixOf(name)}_MANAGEMENT_KEY`] = key;
  }
  return env;
}

function prefixOf(connector: string): string {
  return `CONNECTOR_${connector.toUpperCase().replaceAll('-', '_')}`;
}

async function startServices(world: World, replicas: number): Promise<void> {
  for (let index = 0; index < replicas; index += 1) await world.addService();
  if (replicas > 0) world.connectAll();
  await Promise.all(world.services.map((service) => service.start()));
}

function showLogs(t: TestContext, world: World): void {
  if ((t as TestContext & { passed?: boolean }).passed) return;
  for (const { url, log } of world.services)
    t.diagnostic([`log of ${url}:`, ...log.slice(-40).map(withoutStack)].join('\n'));
}

function withoutStack(line: string): string {
  return line.replace(/"stack":"([^"\\]|\\.)*",?/g, '').slice(0, 1000);
}
