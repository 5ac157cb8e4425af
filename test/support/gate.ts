import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Holds back the workers of the template `gated` until a test has done what has to be done while they run. */
export class Gate {
  readonly #server: Server;
  #open = false;
  #asked = 0;

  constructor() {
    this.#server = createServer((_, response) => {
      this.#asked += 1;
      response.statusCode = this.#open ? 200 : 425;
      response.end();
    });
  }

  /** As pods reach it: `TEST_HOST` says how they reach this machine, if it is not the loopback. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${process.env['TEST_HOST'] ?? '127.0.0.1'}:${port}/`;
  }

  /** How often a worker has asked. */
  get asked(): number {
    return this.#asked;
  }

  async start(): Promise<void> {
    this.#server.listen(0, process.env['TEST_HOST'] === undefined ? '127.0.0.1' : '0.0.0.0');
    await once(this.#server, 'listening');
  }

  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
