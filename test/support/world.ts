import type { ConnectorSimulator, SignalingSimulator } from 'connector-simulator';
import { freePort } from '../../src/demo/free-port.ts';
import { flowName } from '../../src/flow/names.ts';
import type { Bucket } from './bucket.ts';
import type { Gate } from './gate.ts';
import { mergeSettings, type Settings, quickSettings } from './settings.ts';
import type { Namespace } from './namespace.ts';
import type { Servers } from './servers.ts';
import type { ServiceAccess } from './service-account.ts';
import { ServiceProcess } from './service-process.ts';
import { transferTypes, type SignalingEntry } from './signaling-connectors.ts';

/** A connector of a world: its simulator, and the service's settings for it. */
export interface ConnectorEntry {
  simulator: ConnectorSimulator;
  token: string;
  key: string;
  /** Its member of `connectors` in the settings. */
  settings: Settings;
  /** Asked for by name in the path; absent: the asset decides. */
  template: string | undefined;
}

export interface WorldParts {
  folder: string;
  templates: string;
  servers: Servers;
  access: ServiceAccess;
  namespace: Namespace;
  bucket: Bucket;
  gate: Gate;
  connectors: Map<string, ConnectorEntry>;
  signaling: Map<string, SignalingEntry>;
  settings: Settings;
  /** Secrets of every service of this world. */
  env: Record<string, string>;
  stack: AsyncDisposableStack;
}

/** What a test looks at and turns the knobs of; made by `startWorld`. */
export class World {
  readonly services: ServiceProcess[] = [];
  readonly #parts: WorldParts;

  constructor(parts: WorldParts) {
    this.#parts = parts;
  }

  /** A temporary folder that ends with the world. */
  get folder(): string {
    return this.#parts.folder;
  }

  get servers(): Servers {
    return this.#parts.servers;
  }

  /** As whom its services talk to the cluster. */
  get access(): ServiceAccess {
    return this.#parts.access;
  }

  get namespace(): Namespace {
    return this.#parts.namespace;
  }

  get bucket(): Bucket {
    return this.#parts.bucket;
  }

  /** What the workers of the templates `gated` and `gated-at-once` wait for. */
  get gate(): Gate {
    return this.#parts.gate;
  }

  /** What nobody but the services may see. */
  get secrets(): string[] {
    return Object.values(this.#parts.env).map((value) => value.replace(/^test:/, ''));
  }

  /** The first replica. */
  get service(): ServiceProcess {
    const [service] = this.services;
    if (service === undefined) throw new Error('this world has no service yet');
    return service;
  }

  /** The first connector, or that of the given name. */
  connector(name?: string): ConnectorSimulator {
    return this.#entry(name)[1].simulator;
  }

  /** The control plane of the given name. */
  signaling(name: string): SignalingSimulator {
    return this.#signalingEntry(name).simulator;
  }

  /** Where the messages of a control plane go. */
  dataFlowsUrl(name: string, service = this.service): string {
    return `${service.url}/connectors/${name}/${this.#signalingEntry(name).token}/dataflows`;
  }

  /** Where a connector's requests go. */
  provisionUrl(options: { connector?: string; service?: ServiceProcess; template?: string } = {}): string {
    const [name, { token, template }] = this.#entry(options.connector);
    const { url } = options.service ?? this.service;
    const named = options.template ?? template;
    return `${url}/connectors/${name}/${token}/provision${named === undefined ? '' : `/${named}`}`;
  }

  /** The id of the flow that a transfer becomes. */
  flowOf(transfer: { id: string; resourceDefinitionId: string }, connector?: string): string {
    const [name] = this.#entry(connector);
    const ids = { transferProcessId: transfer.id, resourceDefinitionId: transfer.resourceDefinitionId };
    return flowName({ dialect: 'control-plane', connector: name, ids });
  }

  /** The id of the flow that a transfer of a control plane becomes. */
  dataFlowOf({ id: processId }: { id: string }, connector: string): string {
    return flowName({ dialect: 'signaling', connector, ids: { processId } });
  }

  /** Points every connector at a service: the first one, unless another is named. */
  connectAll(service = this.service): void {
    for (const [connector, { simulator }] of this.#parts.connectors)
      simulator.provisionAt(this.provisionUrl({ connector, service }));
    for (const [name, { simulator }] of this.#parts.signaling) {
      const endpoint = this.dataFlowsUrl(name, service);
      simulator.register({ dataplaneId: 'the-service', endpoint, transferTypes });
    }
  }

  /** One more replica, with settings of its own on top of the world's; not started. */
  async addService(overrides: Settings = {}): Promise<ServiceProcess> {
    const { servers, access, namespace, bucket, templates, settings, env, folder, stack } = this.#parts;
    const { connectors, signaling } = this.#parts;
    const port = await freePort();
    const quick = quickSettings({
      port,
      servers,
      kubeconfig: access.kubeconfig,
      namespace: namespace.name,
      bucket: bucket.name,
      templates,
      connectors: [...connectors.values(), ...signaling.values()].map((entry) => entry.settings),
    });
    const name = `service-${this.services.length + 1}`;
    const merged = mergeSettings(mergeSettings(quick, settings), overrides);
    const service = new ServiceProcess({ name, port, folder, env, settings: merged });
    this.services.push(service);
    stack.defer(() => service.kill());
    return service;
  }

  #signalingEntry(name: string): SignalingEntry {
    const found = this.#parts.signaling.get(name);
    if (found === undefined) throw new Error(`this world has no control plane ${name}`);
    return found;
  }

  #entry(name: string | undefined): [string, ConnectorEntry] {
    const { connectors } = this.#parts;
    const found = [...connectors].find(([one]) => name === undefined || one === name);
    if (found === undefined) throw new Error(`this world has no connector ${name ?? ''}`);
    return found;
  }
}
