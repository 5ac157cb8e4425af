import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';

interface Seen {
  /** The document that the scripts of the page have made, as HTML. */
  dom: string;
  /** What scripts and the policy of the page complained about. */
  complaints: string[];
}

/** The only thing that a page asks of another host, which its policy forbids: a picture at the foot of ReDoc. */
const refused = /cdn\.redoc\.ly\/redoc\/logo-mini-full\.svg/;

async function look(url: string): Promise<Seen> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr'];
  // Chromium's clock runs as fast as the page lets it, and stops while the page waits for an answer.
  const run = [`--user-data-dir=${profile}`, '--virtual-time-budget=60000', '--dump-dom', url];
  try {
    const { stdout, stderr } = await promisify(execFile)('chromium', [...options, ...run], {
      timeout: 120_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    const complaints = stderr
      .split('\n')
      .filter((line) => line.includes('CONSOLE') && /error|refused|violates|failed/i.test(line));
    return { dom: stdout, complaints: complaints.filter((line) => !refused.test(line)) };
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}

test('a browser shows the operations of the API', needing('chromium'), async (t) => {
  const { service } = await startWorld(t);
  for (const page of ['docs', 'redoc'])
    await t.test(page, async () => {
      const { dom, complaints } = await look(`${service.url}/${page}`);
      assert.deepEqual(complaints, []);
      const text = dom.replaceAll(/<[^>]*>|\u200b/g, '');
      for (const shown of ['/health/ready', '/connectors/{connector}/{token}/provision/{template}'])
        assert.ok(text.includes(shown), `${shown} is not in ${text}`);
    });
});
