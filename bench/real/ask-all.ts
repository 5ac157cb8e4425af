import { Pool } from 'undici';
import { inFlight } from './in-flight.ts';
import type { ProvisionBody } from './make-requests.ts';

/** As a connector asks, over connections that are kept; anything but a 200 is an error. */
export async function askAll(url: string, requests: readonly ProvisionBody[], atOnce: number): Promise<void> {
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
