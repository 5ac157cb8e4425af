import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectFolder, startCommand } from '../../support/command-process.ts';

describe('without the folder packages/, as after an installation for production', () => {
  let tree = '';
  before(async () => {
    tree = await productionTree();
  });
  after(() => rm(tree, { recursive: true, force: true }));

  for (const name of ['dev', 'demo']) {
    test(`${name} says in one sentence where it runs`, async (t) => {
      const program = [process.execPath, join(tree, 'bin', 'edc-job-provisioner.js')];
      const command = await startCommand(t, [name], { program });
      assert.equal(await command.ended(), 1);
      assert.equal(command.stdout, '');
      assert.match(
        command.stderr,
        new RegExp(`^edc-job-provisioner ${name}: .* run it from a checkout.*\\n$`),
      );
      assert.deepEqual(await command.leftovers(), []);
    });
  }
});

/** Dependencies are links, and the sources copies: Node resolves a module's imports from its real place. */
async function productionTree(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'edc-jp-production-'));
  for (const name of ['bin', 'src', 'package.json'])
    await cp(join(projectFolder, name), join(tree, name), { recursive: true });
  const modules = join(projectFolder, 'node_modules');
  await mkdir(join(tree, 'node_modules'));
  const local = await readdir(join(projectFolder, 'packages'));
  for (const name of await readdir(modules))
    if (!local.includes(name)) await symlink(join(modules, name), join(tree, 'node_modules', name));
  return tree;
}
