import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

test('the weather that seattle-weather summarizes is the public data set, byte for byte', async () => {
  const require = createRequire(import.meta.url);
  const published = join(dirname(require.resolve('vega-datasets')), '..', 'data', 'seattle-weather.csv');
  const ours = new URL('../../../jobs-templates/seattle-weather/files/seattle-weather.csv', import.meta.url);
  assert.deepEqual(await readFile(ours), await readFile(published));
});
