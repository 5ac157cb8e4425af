import { html, problem, type ApiAnswer } from './api-answer.ts';

/** What an endpoint does instead of answering. `applied`: the request takes effect all the same. */
export type Fault =
  /** `page`: the body is the web page of a server or proxy that has no such path. */
  | { readonly kind: 'status'; readonly status: number; readonly applied?: boolean; readonly page?: boolean }
  /** The error document shows the request. */
  | { readonly kind: 'echo'; readonly status: number; readonly applied?: boolean }
  | { readonly kind: 'hang'; readonly applied?: boolean }
  | { readonly kind: 'close'; readonly applied?: boolean }
  /** The request takes effect, and its answer is late. */
  | { readonly kind: 'delay'; readonly millis: number };

export type EndpointKind = 'callback' | 'management';

/** How one request ends. */
export type Reaction =
  | { readonly kind: 'answer'; readonly answer: ApiAnswer; readonly delayMillis: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'close' };

/** The active faults, for all requests of an endpoint or for the next few. */
export class Faults {
  readonly #set = new Map<EndpointKind, { fault: Fault; left: number }>();

  set(endpoint: EndpointKind, fault: Fault | undefined, times = Infinity): void {
    if (fault === undefined) this.#set.delete(endpoint);
    else this.#set.set(endpoint, { fault, left: times });
  }

  /** Handles one request under the endpoint's fault, and counts that use. */
  react(endpoint: EndpointKind, handle: () => ApiAnswer, show: () => string): Reaction {
    const fault = this.#next(endpoint);
    if (fault === undefined) return { kind: 'answer', answer: handle(), delayMillis: 0 };
    if (fault.kind === 'delay') return { kind: 'answer', answer: handle(), delayMillis: fault.millis };
    if (fault.applied) handle();
    switch (fault.kind) {
      case 'status':
        return { kind: 'answer', answer: statusAnswer(fault), delayMillis: 0 };
      case 'echo':
        return { kind: 'answer', answer: problem(fault.status, 'InvalidRequest', show()), delayMillis: 0 };
      case 'hang':
      case 'close':
        return { kind: fault.kind };
      default:
        return fault satisfies never;
    }
  }

  #next(endpoint: EndpointKind): Fault | undefined {
    const entry = this.#set.get(endpoint);
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#set.delete(endpoint);
    return entry.fault;
  }
}

function statusAnswer({ status, page = false }: Extract<Fault, { kind: 'status' }>): ApiAnswer {
  return page ? html(status, 'HTTP method POST is not supported by this URL') : { status };
}
