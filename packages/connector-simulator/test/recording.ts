import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Bench } from './scripted-provisioner.ts';

/** One request of a recorded transfer, as a real connector sent it or answered it. */
export interface Recorded {
  readonly kind: 'request' | 'callback' | 'source' | 'sink';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly status: number;
}

export async function readRecording(name: string): Promise<Recorded[]> {
  const url = new URL(`../recordings/${name}.json`, import.meta.url);
  return JSON.parse(await readFile(url, 'utf8')) as Recorded[];
}

/** Header by header and byte by byte, and nothing besides. */
export function assertSent(sent: Bench['seen'], recorded: readonly Recorded[]): void {
  assert.equal(sent.length, recorded.length);
  for (const [index, expected] of recorded.entries()) {
    const seen = sent[index];
    assert.ok(seen);
    assert.equal(withoutPort(seen.body), withoutPort(expected.body));
    assert.deepEqual(comparable(seen.rawHeaders), comparable(Object.entries(expected.headers).flat()));
  }
}

function withoutPort(body: string): string {
  return body.replace(/127\.0\.0\.1:\d+/g, 'connector');
}

/** Header names as sent, in order; only ports differ between runs, and with them lengths. */
function comparable(rawHeaders: readonly string[]): string[] {
  const unequal = ['Host', 'Content-Length'];
  return rawHeaders.map((text, index) => (unequal.includes(rawHeaders[index - 1] ?? '') ? '' : text));
}
