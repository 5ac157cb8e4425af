import { once } from 'node:events';
import { createServer } from 'node:net';

const first = 20_000;
const last = 32_000;

/**
 * Finds a free port on the loopback for a server that may restart on it. The port is below the system's range for outgoing connections:
 * none of these takes it while the server is down.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${first} and ${last}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
