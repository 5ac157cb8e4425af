import { readFile } from 'node:fs/promises';

/** One exchange as it was recorded with real connectors. */
export interface Exchange {
  kind: 'request' | 'callback' | 'source' | 'sink';
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  status: number;
}

export const versions = ['0.10.0', '0.11.1', '0.12.0', '0.15.1'];

export async function readTraffic(name: string): Promise<Exchange[]> {
  const url = new URL(import.meta.resolve(`connector-simulator/recordings/${name}.json`));
  return JSON.parse(await readFile(url, 'utf8')) as Exchange[];
}
