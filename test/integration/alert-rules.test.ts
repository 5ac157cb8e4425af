import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { projectFolder, startCommand } from '../support/command-process.ts';
import type { Rules } from '../support/monitoring.ts';
import { needing } from '../support/needs.ts';

const rules = join(projectFolder, 'deploy/components/monitoring/rules.yaml');
const cases = readFileSync(join(projectFolder, 'test/fixtures/alert-cases.yaml'), 'utf8');

test('each alert fires in its case and is quiet in the other one', needing('prometheus'), async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-alerts-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'cases.yaml'), cases.replace('[RULES]', `[${rules}]`));
  const command = await startCommand(t, ['test', 'rules', 'cases.yaml'], { program: ['promtool'], folder });
  assert.equal(await command.ended(), 0, `${command.stdout}\n${command.stderr}`);
});

test('there are two cases for each alert', () => {
  const { groups } = parse(readFileSync(rules, 'utf8')) as Rules;
  const { tests } = parse(cases) as { tests: { name: string }[] };
  assert.deepEqual(
    tests.map(({ name }) => name),
    groups.flatMap((group) => group.rules.flatMap(({ alert }) => [`${alert} fires`, `${alert} is quiet`])),
  );
});
