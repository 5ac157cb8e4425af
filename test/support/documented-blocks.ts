import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCommand } from './command-process.ts';
import { linkCheckout } from './link-checkout.ts';
import { isOnPath } from './needs.ts';
import { shellBlocks, type ShellBlock } from './shell-blocks.ts';

const root = new URL('../../', import.meta.url);
const executable = fileURLToPath(new URL('bin/edc-job-provisioner.js', root));

/** Runs the commands of a document as they stand. Returns what they print, which has all that the document says they print. */
export async function runDocument(t: TestContext, document: string): Promise<string> {
  assertInstalled();
  const runnable = shellBlocks(document, root).filter(({ notRun }) => notRun === undefined);
  const stdout = await runBlocks(
    t,
    document,
    runnable.filter((block) => isRunnable(t, block)),
  );
  const printed = new Set(stdout.split('\n').map(withoutIds));
  assert.deepEqual(
    shownOutput(document).filter((line) => !printed.has(line)),
    [],
  );
  return stdout;
}

/** What a document says that its commands print. */
function shownOutput(document: string): string[] {
  const text = readFileSync(new URL(document, root), 'utf8');
  const shown = [...text.matchAll(/^```text\n([\s\S]*?)^```$/gm)];
  return shown.flatMap(([, lines = '']) => lines.trimEnd().split('\n').map(withoutIds));
}

/** Times, dates, ports, digests and names differ from run to run. */
function withoutIds(line: string): string {
  return line
    .replace(/^ *[0-9.]+ s /, '')
    .replaceAll(/\b\d{4}-\d\d-\d\d\b/g, 'date')
    .replaceAll(/flow-[a-z2-7]{26}(-[a-z0-9]{5})?/g, 'flow')
    .replaceAll(/[0-9a-f]{12}…/g, 'digest')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'address');
}

function isRunnable(t: TestContext, { document, line, needs }: ShellBlock): boolean {
  const missing = needs.filter((program) => !isOnPath(program));
  if (missing.length > 0)
    t.diagnostic(`${document}:${line} is not run: no ${missing.join(', ')} on the PATH`);
  return missing.length === 0;
}

/** In one shell that ends at the first failure; nothing may be left of them. */
async function runBlocks(t: TestContext, document: string, runnable: ShellBlock[]): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'edc-jp-documented-'));
  t.after(() => rm(base, { recursive: true, force: true, maxRetries: 5 }));
  const folder = await linkCheckout(join(base, 'checkout'));
  const env = {
    PATH: pathOfNewcomer(),
    HOME: base,
    XDG_STATE_HOME: join(base, 'state'),
    // The default port may be somebody else's.
    EDC_JP_HTTP_PORT: '0',
    npm_config_update_notifier: 'false',
  };
  const script = join(base, 'script');
  await writeFile(script, runnable.map(announced).join('\n'));
  // Where they fail half-way a dev would stay.
  t.after(() => execFileSync(process.execPath, [executable, 'dev', 'stop'], { env, stdio: 'ignore' }));
  const shell = await startCommand(t, [], { env, folder, program: ['sh', '-e', script] });
  assert.equal(await shell.ended(), 0, `${document}: ${shell.stderr.slice(-4000)}`);
  await shell.nothingRuns();
  assert.deepEqual(await shell.leftovers(), []);
  return shell.stdout;
}

function announced({ document, line, commands }: ShellBlock): string {
  return `echo '== ${document}:${line}' >&2\n${commands}`;
}

/** Without what `npm test` puts in front of it. */
function pathOfNewcomer(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.filter((folder) => !folder.includes('node_modules')).join(delimiter);
}

/** A command that installs would do so through the links of the copy. */
function assertInstalled(): void {
  const lock = createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', root)))
    .digest('hex');
  const installed = readFileSync(new URL('node_modules/.installed-lock', root), 'utf8');
  assert.equal(
    installed,
    lock,
    'the dependencies are not those of package-lock.json: node scripts/install.mjs',
  );
}
