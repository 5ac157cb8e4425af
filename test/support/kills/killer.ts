import type { ProxyHooks, SeenRequest } from '../counting-proxy.ts';
import type { ServiceProcess } from '../service-process.ts';

export type Moment = 'before' | 'after';

/** A request, before it is forwarded or after its answer came. */
export interface KillPoint {
  moment: Moment;
  /** What `describeRequest` says of it. */
  request: string;
  /** Which one of the transfer's requests of which the same is said, from 1 on. */
  occurrence: number;
}

/** The same for the same request of each transfer, whatever comes in between: ids, times and versions are left out. */
export function describeRequest({ proxy, method, path }: SeenRequest): string {
  const general = path.replaceAll(/flow-[a-z2-7]{26}[-\w]*/g, 'FLOW').replaceAll(/[^/?&=]*\d[^/?&=]*/g, '*');
  return `${proxy} ${method} ${general}`;
}

/** Records the requests from `arm` on, and ends the service at the one that is named there. */
export class Killer implements ProxyHooks {
  service: ServiceProcess | undefined;
  killedAt: SeenRequest | undefined;
  #seen: SeenRequest[] = [];
  #createdJobs = 0;
  #point: KillPoint | undefined;
  #killing: Promise<void> | undefined;
  #killed = Promise.withResolvers<undefined>();

  /** Since it was armed. */
  get seen(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** Jobs that the API server has created since it was armed. */
  get createdJobs(): number {
    return this.#createdJobs;
  }

  /** Resolves when the service has been killed since it was armed. */
  get killed(): Promise<undefined> {
    return this.#killed.promise;
  }

  /** Without a point, it only records. */
  arm(point: KillPoint | undefined): void {
    this.#seen = [];
    this.#createdJobs = 0;
    this.#point = point;
    this.#killed = Promise.withResolvers();
    this.killedAt = undefined;
  }

  /** From here on nothing is killed; a kill that has begun is awaited, so that nobody takes a dying service for a living one. */
  async disarm(): Promise<void> {
    this.#point = undefined;
    await this.#killing;
    this.#killing = undefined;
  }

  async before(request: SeenRequest): Promise<boolean> {
    this.#seen.push(request);
    return await this.#passes(request, 'before');
  }

  async after(request: SeenRequest, status: number): Promise<boolean> {
    const { proxy, method, path } = request;
    if (proxy === 'cluster' && method === 'POST' && status === 201 && /\/jobs(\?|$)/.test(path))
      this.#createdJobs += 1;
    return await this.#passes(request, 'after');
  }

  async #passes(request: SeenRequest, moment: Moment): Promise<boolean> {
    const point = this.#point;
    if (moment !== point?.moment || !this.#isNamed(request, point)) return true;
    this.#point = undefined;
    this.killedAt = request;
    this.#killing = this.service?.kill();
    await this.#killing;
    this.#killed.resolve(undefined);
    return false;
  }

  #isNamed(request: SeenRequest, point: KillPoint): boolean {
    if (describeRequest(request) !== point.request) return false;
    const same = this.#seen.filter((one) => describeRequest(one) === point.request);
    return same.indexOf(request) === point.occurrence - 1;
  }
}
