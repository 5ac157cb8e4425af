// Runs before `npm run demo`, `npm test` and the like, on whatever Node the machine has: installs the locked
// dependencies (a Node 24 among them) unless the installed tree already matches the lock file.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const stamp = 'node_modules/.installed-lock';
const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';

if (installed !== lock) {
  console.error('Installing dependencies (npm ci); this happens once.');
  // Dev and optional dependencies are needed even where NODE_ENV=production is set. Engine warnings speak of the
  // Node that runs npm, not of the Node 24 that comes with the dependencies.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.status !== 0) {
    console.error('npm ci failed; its messages are above. Is the package registry reachable?');
    process.exit(result.status ?? 1);
  }
  writeFileSync(stamp, lock);
}
