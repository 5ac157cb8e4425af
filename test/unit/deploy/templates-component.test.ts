import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { startCommand } from '../../support/command-process.ts';
import { deployFolder, writeOverlay } from '../../support/deploy-overlay.ts';
import { renderKustomization, type Manifest } from '../../support/kubectl.ts';
import { needing } from '../../support/needs.ts';

interface Projected {
  name: string;
  projected?: { sources: { configMap: { name: string; items: { key: string; path: string }[] } }[] };
}

test(
  'the templates of deploy/components/templates are usable as a pod sees them',
  needing('kubectl'),
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'edc-jp-templates-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeOverlay(join(folder, 'overlay'), { components: [join(deployFolder, 'components/templates')] });
    const volume = join(folder, 'volume');
    await mount(await renderKustomization(join(folder, 'overlay')), volume);
    const check = await startCommand(t, ['check', volume]);
    assert.equal(await check.ended(), 0, check.stderr);
    assert.match(check.stderr, /no problems in greeting/);
  },
);

/** As the kubelet lays it out: a folder for each state of the volume, and links to the files of the present one. */
async function mount(objects: Manifest[], folder: string): Promise<void> {
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  const volumes = (deployment?.spec?.template?.spec?.volumes ?? []) as Projected[];
  const sources = volumes.find(({ name }) => name === 'templates')?.projected?.sources ?? [];
  const state = '..2026_11_28_12_00_00.1234567890';
  const files = sources.flatMap(({ configMap: { name, items } }) => {
    const data = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;
    return items.map(({ key, path }) => ({ path, content: data?.[key] ?? '' }));
  });
  for (const { path, content } of files) {
    const file = join(folder, state, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await symlink(state, join(folder, '..data'));
  const tops = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  for (const top of tops) await symlink(join('..data', top), join(folder, top));
}
