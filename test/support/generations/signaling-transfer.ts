import assert from 'node:assert/strict';
import type { SignalingMessage, SignalingSimulator, SignalingTransfer } from 'connector-simulator';
import { answersTo } from './provisioner.ts';
import type { Answered, Told } from './transfer.ts';

/** The acts of a control plane that are the same on both sides. */
export class SignalingActs {
  readonly connector: SignalingSimulator;
  readonly id: string;
  readonly #first: SignalingMessage;

  constructor(connector: SignalingSimulator, { id, first }: { id: string; first: SignalingMessage }) {
    this.connector = connector;
    this.id = id;
    this.#first = first;
  }

  /** Until it stands in the state: it may have been there before. */
  async in(state: SignalingTransfer['state']): Promise<SignalingTransfer> {
    return await this.connector.waitFor(this.id, (transfer) => transfer.state === state);
  }

  async repeat(times: number): Promise<Answered[]> {
    return await this.again(this.#first, { times });
  }

  async contradict(): Promise<Answered[]> {
    return await this.again(this.#first, { renew: true });
  }

  async again(message: SignalingMessage, options: { times?: number; renew?: boolean }): Promise<Answered[]> {
    const { times = 1, renew = false } = options;
    return await answersTo(times, (left) => this.connector.repeat(this.id, { message, times: left, renew }));
  }

  /** `errored` changes no state: the operator ends the transfer. */
  async failed(): Promise<string> {
    const { errors } = await this.connector.waitFor(this.id, ({ received }) => received.errored > 0);
    await this.terminate();
    return errors[0] ?? '';
  }

  async terminate(): Promise<void> {
    assert.ok(this.connector.terminate(this.id, { by: 'counterparty' }));
    await this.in('TERMINATED');
  }

  async suspend(): Promise<void> {
    assert.ok(this.connector.suspend(this.id, { by: 'counterparty' }));
    await this.in('SUSPENDED');
  }

  async resume(): Promise<void> {
    assert.ok(this.connector.resume(this.id));
    await this.connector.waitFor(this.id, ({ state }) => state !== 'SUSPENDED' && state !== 'RESUMING');
  }

  told(): Told {
    const accepted = this.#callbacks().filter(({ status }) => status === 200);
    function count(name: string): number {
      return accepted.filter(({ target }) => target.endsWith(`/${name}`)).length;
    }
    const completed = count('completed');
    return {
      ready: count('started') + count('prepared'),
      failed: count('errored'),
      completed,
      confirmed: 0,
      harmful: 0,
    };
  }

  refused(): number {
    return this.#callbacks().filter(({ status }) => status !== 200).length;
  }

  #callbacks() {
    return this.connector.exchanges({ kind: 'callback', transferProcessId: this.id });
  }
}
