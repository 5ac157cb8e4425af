import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

const files = new URL('../../../jobs-templates/seattle-weather/files/', import.meta.url).pathname;

async function summarize(t: TestContext, variables: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'weather-'));
  t.after(() => rm(directory, { recursive: true }));
  const env = { DATA_FILE: join(files, 'seattle-weather.csv'), RESULT_DIRECTORY: directory, ...variables };
  await promisify(execFile)(process.execPath, [join(files, 'summarize.mjs')], { env });
  return directory;
}

interface Month {
  month: string;
  days: number;
  highest: number;
}

suite('seattle-weather', () => {
  test('sums up the year that is asked for', async (t) => {
    const directory = await summarize(t, { YEAR: '2012', UNIT: 'celsius' });
    assert.deepEqual((await readdir(directory)).sort(), ['chart.svg', 'summary.json']);
    const summary = JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as {
      days: number;
      precipitationMillimetres: number;
      months: Month[];
    };
    // Counted in the data set with awk.
    assert.equal(summary.days, 366);
    assert.equal(summary.precipitationMillimetres, 1226);
    assert.deepEqual(
      summary.months.map(({ days }) => days),
      [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31],
    );
    assert.equal(summary.months[7]?.highest, 34.4);
  });

  test('writes the same bytes every time, so that results can be compared', async (t) => {
    const [one, other] = [await summarize(t, { YEAR: '2015' }), await summarize(t, { YEAR: '2015' })];
    for (const name of ['summary.json', 'chart.svg']) {
      assert.deepEqual(await readFile(join(one, name)), await readFile(join(other, name)));
    }
  });

  test('fails for a year that it has no data of', async (t) => {
    await assert.rejects(summarize(t, { YEAR: '1999' }), /The data set has no day of the year 1999/);
  });
});
