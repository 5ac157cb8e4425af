import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import type { WaitOptions } from '../connector-simulator.ts';
import type { EndpointKind, Fault } from '../faults.ts';
import { Journal, type Exchange, type ExchangeFilter, type SimulatorEvent } from '../journal.ts';
import { Listener } from '../listener.ts';
import type { PostResult } from '../okhttp.ts';
import { StateMachine } from '../state-machine.ts';
import { TransferStore, type Goal } from '../transfer-store.ts';
import { complete, resume, sendFirstAgain, startByProvider, suspend, terminate } from './commands.ts';
import type { CommandOptions } from './commands.ts';
import { DataPlanes, type RegisteredDataPlane } from './data-planes.ts';
import type { EndpointAddress } from './endpoint-address.ts';
import { fetchData, type Fetched, type FetchOptions } from './fetch-data.ts';
import { releaseProfiles, type SignalingRelease } from './releases.ts';
import { findSignalingRoute } from './routes.ts';
import { postMessage } from './send-message.ts';
import type { SignalingContext, SignalingSettings } from './signaling-context.ts';
import { isEnded, newSignalingTransfer } from './signaling-transfer.ts';
import type {
  NewSignalingTransfer,
  Side,
  SignalingMessage,
  SignalingState,
  SignalingTransfer,
} from './signaling-transfer.ts';
import { signalingStep } from './steps.ts';

export type SignalingEvent = SimulatorEvent<SignalingMessage, SignalingState>;
export type SignalingExchange = Exchange<SignalingMessage>;

export interface SignalingOptions extends Partial<SignalingSettings> {
  readonly release: SignalingRelease;
  /** Default: provider. */
  readonly side?: Side;
  readonly onEvent?: (event: SignalingEvent) => void;
  /** Default: 0, a free one. */
  readonly port?: number;
}

const defaults = {
  managementKey: undefined,
  managementVersions: ['v3', 'v4'],
  authorization: undefined,
  acceptsCallback: () => true,
  iterationWaitMillis: 50,
  leaseMillis: 20,
  answerTimeoutMillis: 30_000,
  retryDelaysMillis: [0, 0, 500, 1000, 2000, 4000],
};

/** Starts a stand-in for the control plane of one side of a transfer, which drives a data plane; the caller must `stop` it. */
export async function startSignalingSimulator(options: SignalingOptions): Promise<SignalingSimulator> {
  const simulator = new SignalingSimulator(options);
  await simulator.start();
  return simulator;
}

/** The other side's connector is no server: the methods that name it play it. */
export class SignalingSimulator {
  readonly #context: SignalingContext;
  readonly #ending = new AbortController();
  readonly #listener: Listener;
  readonly #machine: StateMachine<SignalingTransfer>;

  constructor({ side = 'provider', ...options }: SignalingOptions) {
    const journal = new Journal<SignalingMessage, SignalingState>(options.onEvent ?? (() => undefined));
    const [participantId, counterPartyId] = [side, side === 'provider' ? 'consumer' : 'provider'];
    const context = {
      profile: releaseProfiles[options.release],
      side,
      settings: { ...defaults, participantId, counterPartyId, ...options },
      journal,
      store: new TransferStore<SignalingTransfer>(journal, isEnded),
      dataPlanes: new DataPlanes(),
      agent: new Agent({ keepAlive: true }),
      controls: { callbackAddress: '', dropAnswers: 0 },
      signal: this.#ending.signal,
    };
    this.#context = context;
    this.#listener = new Listener(context, options.port ?? 0, (path) => findSignalingRoute(context, path));
    this.#machine = new StateMachine(context, signalingStep(context));
  }

  async start(): Promise<void> {
    await this.#listener.open();
    this.#context.controls.callbackAddress = this.callbackAddress;
    this.#machine.start();
  }

  /** Ends every wait and connection. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the connector simulator was stopped'));
    await this.#listener.close();
    await this.#machine.ended();
    this.#context.agent.destroy();
  }

  /** Data planes register at `{managementUrl}/v4/dataplanes`; at 0.16 at `{controlUrl}/dataplanes/register`. */
  get managementUrl(): string {
    return `${this.#listener.origin}/management`;
  }

  get controlUrl(): string {
    return `${this.#listener.origin}/control`;
  }

  get callbackAddress(): string {
    return `${this.#listener.origin}/signaling`;
  }

  /** The registered data planes. */
  dataPlanes(): RegisteredDataPlane[] {
    return this.#context.dataPlanes.all();
  }

  /** Registers a data plane as its own request would do. */
  register(plane: RegisteredDataPlane): void {
    this.#context.dataPlanes.register(plane);
  }

  startTransfer(transfer: NewSignalingTransfer): SignalingTransfer {
    const { side, settings, store } = this.#context;
    const created = newSignalingTransfer(transfer, { ...settings, side }, randomUUID);
    if (store.get(created.id) !== undefined) throw new Error(`transfer ${created.id} exists already`);
    store.add(created);
    return structuredClone(created);
  }

  /** The present state of a transfer. Throws if it is unknown. */
  process(id: string): SignalingTransfer {
    return structuredClone(this.#known(id));
  }

  processes(): SignalingTransfer[] {
    return structuredClone(this.#context.store.all());
  }

  /** Resolves once the transfer has been in the state, or satisfies the predicate; see `TransferStore.waitFor`. */
  waitFor(
    id: string,
    goal: Goal<SignalingTransfer>,
    { deadlineMs = 180_000, signal }: WaitOptions = {},
  ): Promise<SignalingTransfer> {
    return this.#context.store.waitFor(id, goal, { deadlineMs, signal });
  }

  /** The last 10,000 requests sent and received, in the order of their ends. */
  exchanges(filter: ExchangeFilter<SignalingMessage> = {}): SignalingExchange[] {
    return this.#context.journal.exchanges(filter);
  }

  /** The consumer of a pull fetches from the address it has; may be repeated. */
  pull(id: string, options: FetchOptions = {}): Promise<Fetched> {
    return fetchData(this.#context, this.#known(id), options);
  }

  /** The provider starts this consumer's requested transfer; a pull needs its address. */
  startByProvider(id: string, address?: EndpointAddress): boolean {
    return startByProvider(this.#context, this.#known(id), address);
  }

  /** False if the transfer is not started, or leased by the state machine. */
  suspend(id: string, options: CommandOptions = { by: 'operator' }): boolean {
    return suspend(this.#context, this.#known(id), options);
  }

  /** Continues a suspended transfer. False if it is not suspended, or leased by the state machine. */
  resume(id: string): boolean {
    return resume(this.#context, this.#known(id));
  }

  /** The counterparty completes the transfer. False if it is not started, or leased by the state machine. */
  complete(id: string): boolean {
    return complete(this.#context, this.#known(id));
  }

  /** False if the transfer ends already, or is leased by the state machine. */
  terminate(id: string, options: CommandOptions = { by: 'operator' }): boolean {
    return terminate(this.#context, this.#known(id), options);
  }

  /** Sends `prepare` or `start` again with a new message id, as a connector does that crashed before it saved the answer. */
  resend(id: string): boolean {
    return sendFirstAgain(this.#context, this.#known(id));
  }

  /**
   * Sends a message `times` times at once: byte by byte the last one of its kind, or one with a new id. The state machine does not get
   * the answers.
   */
  repeat(
    id: string,
    { message, times = 1, renew = false }: { message: SignalingMessage; times?: number; renew?: boolean },
  ): Promise<PostResult[]> {
    const transfer = this.#known(id);
    if (renew) transfer.bodies.delete(message);
    return Promise.all(Array.from({ length: times }, () => postMessage(this.#context, transfer, message)));
  }

  /** Sets a fault for the next requests to the callbacks, or to registration and management API; undefined removes it. */
  misbehave(endpoint: EndpointKind, fault: Fault | undefined, times?: number): void {
    this.#listener.faults.set(endpoint, fault, times);
  }

  /** Drops the next answers to messages, so that the messages are repeated. */
  dropAnswers(count: number): void {
    this.#context.controls.dropAnswers = count;
  }

  /** Closes the port of callbacks, registration and management API. */
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

  unpause(): void {
    this.#machine.paused = false;
  }

  /** Loses all transfers and data planes, as a restart with in-memory stores does. */
  dropAll(): void {
    this.#context.store.clear();
    for (const { dataplaneId } of this.dataPlanes()) this.#context.dataPlanes.delete(dataplaneId);
  }

  #known(id: string): SignalingTransfer {
    const transfer = this.#context.store.get(id);
    if (transfer === undefined) throw new Error(`transfer ${id} is unknown to the connector`);
    return transfer;
  }
}
