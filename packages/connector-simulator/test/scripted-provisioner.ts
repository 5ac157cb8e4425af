import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { startConnectorSimulator } from '../src/connector-simulator.ts';
import type { ConnectorSimulator, SimulatorOptions } from '../src/connector-simulator.ts';

export const key = 'management-key';
const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

export interface SeenRequest {
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly message: {
    transferProcessId: string;
    assetId: string;
    type?: string;
    resourceDefinitionId: string;
  };
}

/** How the provisioner answers its n-th request (from 0); it may leave the response open. */
export type Script = (response: ServerResponse, index: number, seen: SeenRequest) => void | Promise<void>;

/** How the source answers a GET; the default sends `sourceBytes`. */
export type SourceScript = (request: IncomingMessage, response: ServerResponse) => void;

export const sourceBytes = Buffer.from('what the job made');

export interface Bench {
  readonly simulator: ConnectorSimulator;
  readonly seen: SeenRequest[];
  readonly origin: string;
  script: Script;
  source: SourceScript;
}

export function answerWith(...statuses: number[]): Script {
  return (response, index) => {
    response.writeHead(statuses[Math.min(index, statuses.length - 1)] ?? 200).end();
  };
}

/** A simulator against a provisioner and source that do what the test says; everything ends with the test. */
export async function startBench(t: TestContext, options: Partial<SimulatorOptions> = {}): Promise<Bench> {
  const bench = { seen: [] as SeenRequest[], script: answerWith(200), source: sendSourceBytes };
  const server = createServer((request, response) => {
    if (request.method === 'GET') bench.source(request, response);
    else void handleRequest(bench, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const simulator = await startConnectorSimulator({
    version: '0.12.0',
    provisionUrl: `${origin}/provision`,
    managementKey: key,
    assets: { 'job-asset': { ownContent: 'the wrong bytes' } },
    iterationWaitMillis: 5,
    saveDelayMillis: 0,
    retryDelaysMillis: [0, 1, 2],
    ...options,
  });
  t.after(async () => {
    await simulator.stop();
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(bench, { simulator, origin });
}

function sendSourceBytes(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' }).end(sourceBytes);
}

async function handleRequest(
  bench: { seen: SeenRequest[]; script: Script },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  const seen = { rawHeaders: request.rawHeaders, body, message: JSON.parse(body) as SeenRequest['message'] };
  bench.seen.push(seen);
  await bench.script(response, bench.seen.length - 1, seen);
}

/** The body of a good callback, with the given members in place of its own. */
export function callbackBody(
  bench: Bench,
  resourceDefinitionId: string,
  members: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    edctype: 'dataspaceconnector:provisioner-callback-request',
    resourceDefinitionId,
    assetId: 'job-asset',
    resourceName: 'job-1',
    hasToken: false,
    apiKeyJwt: 'unused',
    contentDataAddress: httpAddress(`${bench.origin}/data/result.bin`),
    ...members,
  };
}

export function httpAddress(baseUrl: string, more: Record<string, string> = {}): Record<string, unknown> {
  return { properties: { [`${namespace}type`]: 'HttpData', [`${namespace}baseUrl`]: baseUrl, ...more } };
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

/** Brings a transfer to PROVISIONING_REQUESTED and returns how to call back for it. */
export async function requestedTransfer(bench: Bench, mode: 'push' | 'pull' = 'push') {
  const { id, resourceDefinitionId } = bench.simulator.startTransfer({ assetId: 'job-asset', mode });
  await bench.simulator.waitFor(id, 'PROVISIONING_REQUESTED');
  const url = `${bench.simulator.callbackAddress}/${id}/provision`;
  return {
    id,
    resourceDefinitionId,
    url,
    callBack: (members: Record<string, unknown> = {}) =>
      post(url, callbackBody(bench, resourceDefinitionId, members)),
  };
}
