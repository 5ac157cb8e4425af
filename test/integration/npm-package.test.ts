import assert from 'node:assert/strict';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { startWorld } from '../support/start-world.ts';

/** What the package is made of; the rest of a checkout must not be needed, nor be part of it. */
const sources = ['bin', 'src', 'docs', 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];
const configuration = ['tsconfig.json', 'tsconfig.build.json', 'scripts/collect-pages.mjs'];

test('npm pack makes a package that runs below node_modules, without sources', async (t) => {
  const world = await startWorld(t);
  const checkout = join(world.folder, 'checkout');
  await mkdir(checkout);
  for (const name of [...sources, ...configuration])
    await cp(join(projectFolder, name), join(checkout, name), { recursive: true });
  await symlink(join(projectFolder, 'node_modules'), join(checkout, 'node_modules'));
  const packed = await succeed(t, ['npm', 'pack', '--offline', '--json'], { folder: checkout });
  const [made] = JSON.parse(packed.slice(packed.indexOf('['))) as {
    filename: string;
    files: { path: string }[];
  }[];
  assert.ok(made);
  const { filename, files } = made;
  const folders = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  assert.deepEqual(
    [...folders].sort(),
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'docs', 'package.json', 'pages'].sort(),
  );

  // As npm installs it, but for the dependencies, which it would ask the registry for.
  const installed = join(world.folder, 'app', 'node_modules', 'edc-job-provisioner');
  await mkdir(installed, { recursive: true });
  await succeed(t, ['tar', '-xzf', join(checkout, filename), '-C', installed, '--strip-components=1'], {});
  await symlink(join(projectFolder, 'node_modules'), join(installed, 'node_modules'));
  const program = [process.execPath, join(installed, 'bin', 'edc-job-provisioner.js')];
  const { version } = JSON.parse(await readFile(join(projectFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(await succeed(t, [...program, '--version'], {}), `${version}\n`);
  const env = { EDC_JP_URL: world.service.url };
  assert.match(await succeed(t, [...program, 'templates'], { env }), /^echo +One small file/m);
  assert.match(await succeed(t, [...program, 'run', 'echo', '-o', 'out'], { env }), /^flow-/);
  assert.match(await succeed(t, [...program, 'dev', '--help'], {}), /^Usage: edc-job-provisioner dev/);
});

async function succeed(
  t: TestContext,
  program: readonly string[],
  options: { folder?: string; env?: Record<string, string> },
): Promise<string> {
  const command = await startCommand(t, [], { ...options, program });
  assert.equal(await command.ended(), 0, `${program.join(' ')}: ${command.stdout}\n${command.stderr}`);
  return command.stdout;
}
