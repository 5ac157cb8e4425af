import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Agent } from 'undici';

export type ConnectorAnswer = (req: IncomingMessage, res: ServerResponse) => unknown;

export interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
  port: number | undefined;
}

export interface RecordingServer {
  url: string;
  requests: Received[];
  dispatcher: Agent;
  close: () => Promise<void>;
}

/** A server that records what it is sent and answers as the test wants, with a dispatcher that calls it. Both end with the test. */
export async function startRecordingServer(
  t: TestContext,
  answer: ConnectorAnswer,
): Promise<RecordingServer> {
  const requests: Received[] = [];
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const { method, url: path, headers, socket } = req;
      requests.push({
        method,
        path,
        headers,
        body: Buffer.concat(parts).toString(),
        port: socket.remotePort,
      });
      answer(req, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dispatcher = new Agent();
  async function close(): Promise<void> {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
  t.after(async () => {
    await close();
    await dispatcher.destroy();
  });
  return { url, requests, dispatcher, close };
}
