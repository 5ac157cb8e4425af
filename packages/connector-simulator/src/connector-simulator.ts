import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataPlane } from './data-plane.ts';
import type { Asset, Received } from './data-plane.ts';
import type { EndpointKind, Fault } from './faults.ts';
import { Journal } from './journal.ts';
import type { Exchange, ExchangeFilter, SimulatorEvent } from './journal.ts';
import { Listener } from './listener.ts';
import type { PostResult } from './okhttp.ts';
import { postMessage } from './provision-message.ts';
import type { MessageType } from './provision-message.ts';
import { providerStep } from './provider-steps.ts';
import { findRoute } from './route-request.ts';
import type { SimulatorContext, SimulatorSettings } from './simulator-context.ts';
import { StateMachine } from './state-machine.ts';
import { terminateByConsumer, terminateByProvider } from './terminate.ts';
import { isOver, isProvisionable, newTransferProcess } from './transfer-process.ts';
import type { NewTransfer, TransferProcess } from './transfer-process.ts';
import { TransferStore } from './transfer-store.ts';
import type { Goal } from './transfer-store.ts';
import { versionProfiles } from './versions.ts';
import type { ConnectorVersion } from './versions.ts';

export interface SimulatorOptions extends Partial<SimulatorSettings> {
  readonly version: ConnectorVersion;
  /** The whole endpoint of the provisioner entry, with its token and template. */
  readonly provisionUrl: string;
  readonly assets: Readonly<Record<string, Asset>>;
  readonly onEvent?: (event: SimulatorEvent) => void;
  /** Default: 0, a free one. */
  readonly port?: number;
}

export interface WaitOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

const defaults = {
  managementKey: undefined,
  callbackKey: undefined,
  vault: undefined,
  openS3: undefined,
  iterationWaitMillis: 50,
  saveDelayMillis: 20,
  answerTimeoutMillis: 30_000,
  hotLoopGapMillis: 5,
  retryDelaysMillis: [0, 500, 1000, 2000, 4000],
  requestRetryMillis: 1000,
};

/** Starts a stand-in for a provider's connector of the given release; the caller must `stop` it. */
export async function startConnectorSimulator(options: SimulatorOptions): Promise<ConnectorSimulator> {
  const ownFolder =
    options.sinkFolder === undefined ? await mkdtemp(join(tmpdir(), 'connector-simulator-')) : undefined;
  const simulator = new ConnectorSimulator(options, {
    sinkFolder: options.sinkFolder ?? ownFolder ?? tmpdir(),
    ownFolder,
  });
  await simulator.start();
  return simulator;
}

export class ConnectorSimulator {
  readonly #context: SimulatorContext;
  readonly #ending = new AbortController();
  readonly #ownFolder: string | undefined;
  readonly #listener: Listener;
  readonly #dataPlane: DataPlane;
  readonly #machine: StateMachine<TransferProcess>;

  constructor(options: SimulatorOptions, folder: { sinkFolder: string; ownFolder: string | undefined }) {
    const profile = versionProfiles[options.version];
    const journal = new Journal(options.onEvent ?? (() => undefined));
    this.#ownFolder = folder.ownFolder;
    this.#context = {
      profile,
      settings: {
        ...defaults,
        entryType: profile.entryType,
        managementVersions: profile.managementVersions,
        ...options,
        sinkFolder: folder.sinkFolder,
      },
      journal,
      store: new TransferStore(journal, isOver),
      agent: new Agent({ keepAlive: true }),
      controls: { provisionUrl: options.provisionUrl, callbackAddress: '', dropAnswers: 0 },
      signal: this.#ending.signal,
    };
    this.#listener = new Listener(this.#context, options.port ?? 0, (path) => findRoute(this.#context, path));
    this.#dataPlane = new DataPlane(this.#context, options.assets);
    this.#machine = new StateMachine(this.#context, providerStep(this.#context, this.#dataPlane));
  }

  async start(): Promise<void> {
    await this.#listener.open();
    this.#context.controls.callbackAddress = this.callbackAddress;
    this.#machine.start();
  }

  /** Ends every wait and connection, and removes the received files unless the caller named the folder. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the connector simulator was stopped'));
    await this.#listener.close();
    await this.#machine.ended();
    await this.#dataPlane.idle();
    this.#context.agent.destroy();
    if (this.#ownFolder !== undefined) await rm(this.#ownFolder, { recursive: true, force: true });
  }

  get managementUrl(): string {
    return `${this.#listener.origin}/management`;
  }

  get callbackAddress(): string {
    return this.#context.profile.dataPlane === undefined
      ? `${this.managementUrl}/callback`
      : `${this.#listener.origin}/provisioning`;
  }

  /** Sends provision requests to another URL from now on: a restarted provisioner may have another port. */
  provisionAt(url: string): void {
    this.#context.controls.provisionUrl = url;
  }

  startTransfer(transfer: NewTransfer): TransferProcess {
    const process = newTransferProcess(transfer, randomUUID);
    if (this.#context.store.get(process.id) !== undefined)
      throw new Error(`transfer ${process.id} exists already`);
    this.#context.store.add(process);
    return structuredClone(process);
  }

  /** The present state of a transfer. Throws if it is unknown. */
  process(id: string): TransferProcess {
    return structuredClone(this.#known(id));
  }

  processes(): TransferProcess[] {
    return structuredClone(this.#context.store.all());
  }

  /** Resolves once the transfer has been in the state, or satisfies the predicate; see `TransferStore.waitFor`. */
  waitFor(
    id: string,
    goal: Goal,
    { deadlineMs = 180_000, signal }: WaitOptions = {},
  ): Promise<TransferProcess> {
    return this.#context.store.waitFor(id, goal, { deadlineMs, signal });
  }

  /** The fetches of a transfer's consumer. */
  received(id: string): readonly Received[] {
    return this.#dataPlane.received(id);
  }

  /** The last 10,000 requests sent and received, in the order of their ends. */
  exchanges(filter: ExchangeFilter = {}): Exchange[] {
    return this.#context.journal.exchanges(filter);
  }

  /** The consumer of a started pull transfer fetches; may be repeated. */
  pull(id: string): Promise<Received> {
    return this.#dataPlane.pull(this.#known(id));
  }

  /** The consumer of a started pull transfer completes it. */
  complete(id: string): void {
    const process = this.#known(id);
    if (process.state !== 'STARTED') throw new Error(`transfer ${id} is ${process.state}, not STARTED`);
    process.consumer = { state: 'COMPLETED' };
    this.#context.store.move(process, 'COMPLETED');
  }

  /** The provider's operator ends the transfer; false if it is over. */
  terminateByProvider(id: string, reason = 'ended by the provider'): boolean {
    return terminateByProvider(this.#context, this.#known(id), reason);
  }

  /** The consumer ends the transfer; false if it is over. Releases before 0.12 never deprovision it. */
  terminateByConsumer(id: string, reason = 'ended by the consumer'): boolean {
    return terminateByConsumer(this.#context, this.#known(id), reason);
  }

  /** Sends the provision request again, as a connector does that crashed between sending and saving. */
  resend(id: string): void {
    const process = this.#known(id);
    if (!isProvisionable(process.state) && process.state !== 'STARTUP_REQUESTED')
      throw new Error(`transfer ${id} is ${process.state}, past provisioning`);
    if (this.#context.profile.dataPlane === undefined) this.#context.store.move(process, 'PROVISIONING');
    else process.dataFlow = 'PROVISIONING';
  }

  /** Sends a request `times` times at once. The state machine does not get the answers. */
  repeat(
    id: string,
    { times = 1, type = 'provision', assetId }: { times?: number; type?: MessageType; assetId?: string } = {},
  ): Promise<PostResult[]> {
    const process = this.#known(id);
    return Promise.all(
      Array.from({ length: times }, () => postMessage(this.#context, process, { type, assetId })),
    );
  }

  /** Sets a fault for the next requests to an endpoint; undefined removes it. */
  misbehave(endpoint: EndpointKind, fault: Fault | undefined, times?: number): void {
    this.#listener.faults.set(endpoint, fault, times);
  }

  /** Drops the next answers to provision and deprovision requests, so that the requests are repeated. */
  dropAnswers(count: number): void {
    this.#context.controls.dropAnswers = count;
  }

  /** Closes the port of callbacks and management API. */
  goDown(): Promise<void> {
    return this.#listener.close();
  }

  /** Listens on the same port again. */
  comeBack(): Promise<void> {
    return this.#listener.open();
  }

  /** Pauses the state machine: no transfer changes its state by itself. Callbacks and management calls still work. */
  pause(): void {
    this.#machine.paused = true;
  }

  resume(): void {
    this.#machine.paused = false;
  }

  /** Loses all transfers, as a restart with in-memory stores does. */
  dropTransfers(): void {
    this.#context.store.clear();
  }

  #known(id: string): TransferProcess {
    const process = this.#context.store.get(id);
    if (process === undefined) throw new Error(`transfer ${id} is unknown to the connector`);
    return process;
  }
}
