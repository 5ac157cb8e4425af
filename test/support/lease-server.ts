import { ServiceError } from '../../src/errors.ts';
import type { ResourceClient } from '../../src/kubernetes/resource-client.ts';
import type { Lease } from '../../src/kubernetes/types.ts';

export type LeaseClient = Pick<ResourceClient<Lease>, 'get' | 'create' | 'replace' | 'patch'>;

/** What happens to each message on its way; a rejection loses it. */
export type Network = (way: 'there' | 'back', signal: AbortSignal) => Promise<void>;

/** One Lease with the conditions that an API server checks, and nothing that waits. */
export class LeaseServer {
  #lease: Lease | undefined;
  #version = 0;

  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity;
  }

  get lease(): Lease | undefined {
    return structuredClone(this.#lease);
  }

  /** As somebody else writes it. */
  write(spec: NonNullable<Lease['spec']>): void {
    this.#version += 1;
    this.#lease = { metadata: { name: 'reconciler', resourceVersion: String(this.#version) }, spec };
  }

  remove(): void {
    this.#lease = undefined;
  }

  client(network: Network = () => Promise.resolve()): LeaseClient {
    async function send<T>(signal: AbortSignal, call: () => T): Promise<T> {
      await network('there', signal);
      signal.throwIfAborted();
      const answer = call();
      await network('back', signal);
      signal.throwIfAborted();
      return answer;
    }
    return {
      get: (_, signal) => send(signal, () => this.lease),
      create: (lease, signal) => send(signal, () => this.#create(lease)),
      replace: (_, lease, signal) => send(signal, () => this.#put(lease)),
      patch: (_, patch, signal) => send(signal, () => this.#put(patch)),
    };
  }

  #create({ spec = {} }: Lease): Lease {
    if (this.#lease !== undefined) throw new ServiceError('cluster-exists', 'it is there');
    this.write(spec);
    return this.lease ?? {};
  }

  #put({ metadata, spec = {} }: Lease): Lease {
    if (this.#lease === undefined) throw new ServiceError('cluster-not-found', 'it is gone');
    if (metadata?.resourceVersion !== String(this.#version))
      throw new ServiceError('cluster-conflict', 'somebody was faster');
    const merged = Object.entries({ ...this.#lease.spec, ...spec });
    this.write(Object.fromEntries(merged.filter(([, value]: [string, unknown]) => value !== null)));
    return this.lease ?? {};
  }
}
