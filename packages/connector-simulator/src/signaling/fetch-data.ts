import { readAuthorization } from './endpoint-address.ts';
import { Measure, type Measured } from './measure.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { SignalingTransfer } from './signaling-transfer.ts';

export interface FetchOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Keeps the content in memory. */
  readonly keep?: boolean;
}

/** One fetch of the consumer. */
export interface Fetched extends Measured {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Fetches from the address that the consumer has, whatever the state of the transfer. Answers of any status are returned; it throws if
 * the connection is lost.
 */
export async function fetchData(
  { journal, signal }: SignalingContext,
  transfer: SignalingTransfer,
  { headers = {}, keep = false }: FetchOptions,
): Promise<Fetched> {
  const { target, authorization } = addressOf(transfer);
  const sent = { ...authorization, ...headers };
  const at = journal.now();
  function record(outcome: { status: number | undefined; error?: string }): void {
    const about = { kind: 'source', transferProcessId: transfer.id, method: 'GET', target } as const;
    const millis = journal.now() - at;
    journal.record({ at, ...about, headers: sent, body: '', answer: '', millis, ...outcome });
  }
  const measure = new Measure(keep);
  let status: number | undefined;
  try {
    const response = await fetch(target, { headers: sent, signal });
    status = response.status;
    for await (const chunk of response.body ?? []) measure.add(chunk as Uint8Array);
    record({ status });
    const { bytes, sha256, content } = measure.end();
    journal.emit({ kind: 'received', transferProcessId: transfer.id, bytes, sha256 });
    return { bytes, sha256, content, status, headers: Object.fromEntries(response.headers) };
  } catch (error) {
    record({ status, error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

function addressOf({ id, mode, side, disclosed, address }: SignalingTransfer): {
  target: string;
  authorization: Record<string, string>;
} {
  const known = side === 'provider' ? disclosed : address;
  if (mode !== 'pull' || known?.endpoint === undefined)
    throw new Error(`the consumer of transfer ${id} has no address to fetch from`);
  const authorization = readAuthorization(known);
  return {
    target: known.endpoint,
    authorization: authorization === undefined ? {} : { authorization },
  };
}
