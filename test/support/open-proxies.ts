import { startCountingProxy, type ProxyHooks, type ProxyTarget } from './counting-proxy.ts';

interface Targets {
  cluster: string;
  ca: string;
  store: string;
  callback: string;
  provision: string;
  /** Absent: nothing is pushed. */
  sink?: string;
}

export interface Proxies {
  at: Required<Omit<Targets, 'ca'>>;
  /** The targets are known later than the proxies' addresses, which are part of the targets' settings. */
  aim(targets: Targets): void;
  stack: AsyncDisposableStack;
}

const unhindered: ProxyHooks = { before: () => true, after: () => true };

/** One proxy before each server that the service talks to, and one before the service that gives it the proxied callback address. */
export async function openProxies(killer: ProxyHooks, received = unhindered): Promise<Proxies> {
  const stack = new AsyncDisposableStack();
  let targets: Targets = { cluster: '', ca: '', store: '', callback: '', provision: '' };
  async function open(
    name: keyof Proxies['at'],
    rest: Partial<ProxyTarget>,
    hooks = killer,
  ): Promise<string> {
    const target = {
      keepHost: false,
      ...rest,
      get url() {
        return targets[name] ?? '';
      },
      get ca() {
        return targets.ca;
      },
    };
    return stack.use(await startCountingProxy(name, target, hooks)).url;
  }
  const callback = await open('callback', {});
  /** The connector names its own address; the service is to call it through the proxy. */
  function redirect(body: string): string {
    return body.replace(targets.callback, callback);
  }
  const at = {
    callback,
    cluster: await open('cluster', {}),
    store: await open('store', { keepHost: true }),
    provision: await open('provision', { rewrite: redirect }, received),
    sink: await open('sink', {}),
  };
  return {
    at,
    stack,
    aim: (known) => {
      targets = known;
    },
  };
}
