import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { dataAddressKinds } from '../../../src/flow/flow-plan.ts';

test('the documentation has the kinds of data address that each generation can carry', async () => {
  const page = await readFile(new URL('../../../docs/connectors/README.md', import.meta.url), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const [, , , ...dialects] = rows.find(([, first]) => first === 'kind') ?? [];
  assert.deepEqual(
    dialects.slice(0, -1),
    builtInDialects.map(({ name }) => name),
  );
  for (const kind of dataAddressKinds) {
    const [, , , ...cells] = rows.find(([, first]) => first === kind) ?? assert.fail(`no row of ${kind}`);
    for (const [index, { name, addresses }] of builtInDialects.entries()) {
      const carriage = addresses[kind];
      const shown = cells[index] ?? '';
      if (carriage === 'carried') assert.equal(shown, 'yes', `${kind}, ${name}`);
      else if (carriage.unless === undefined) assert.match(shown, /^no \(\d\)$/, `${kind}, ${name}`);
      else assert.match(shown, /^by its .* \(\d\)$/, `${kind}, ${name}`);
    }
  }
});
