import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';

export interface ProvisionBody {
  type: 'provision';
  transferProcessId: string;
  resourceDefinitionId: string;
  assetId: string;
  callbackAddress: string;
  policy: object;
}

/** Makes requests as a connector sends them, each for another transfer. */
export function makeRequests(
  count: number,
  callbackAddress: string,
  assetId = 'seattle-weather',
): ProvisionBody[] {
  return Array.from({ length: count }, () => ({
    type: 'provision',
    transferProcessId: randomUUID(),
    resourceDefinitionId: randomUUID(),
    assetId,
    callbackAddress,
    policy: { '@type': 'Agreement', assignee: 'consumer', permission: [], prohibition: [], obligation: [] },
  }));
}

/** Sends the requests as a connector does, over kept connections. Throws for any answer but a 200. */
export async function sendAll(
  url: string,
  requests: readonly ProvisionBody[],
  atOnce: number,
): Promise<void> {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: atOnce, headersTimeout: 60_000 });
  const headers = { 'content-type': 'application/json' };
  try {
    await inFlight(requests, atOnce, async (body) => {
      const answer = await pool.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
      const text = await answer.body.text();
      if (answer.statusCode !== 200)
        throw new Error(`the service answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    });
  } finally {
    await pool.close();
  }
}

/** Processes all items, `atOnce` at a time. Throws the first failure when the rest has ended. */
export async function inFlight<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  async function worker(): Promise<void> {
    for (const item of queue) await act(item);
  }
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = workers.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
