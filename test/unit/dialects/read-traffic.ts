import { readFile } from 'node:fs/promises';

/** One exchange as it was recorded with real connectors. */
export interface Exchange {
  /** `to-…`: of Data Plane Signaling, whose recordings have both sides of a transfer. */
  kind:
    'request' | 'callback' | 'source' | 'sink' | `to-${'provider' | 'consumer'}-${'control' | 'data'}-plane`;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** 0: the connection was dropped. */
  status: number;
  answer: string;
}

export const versions = ['0.10.0', '0.11.1', '0.12.0', '0.15.1'];

export async function readTraffic(name: string): Promise<Exchange[]> {
  const url = new URL(import.meta.resolve(`connector-simulator/recordings/${name}.json`));
  return JSON.parse(await readFile(url, 'utf8')) as Exchange[];
}
