// Reads one year of the data set, writes summary.json and chart.svg. The same input gives the same bytes.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from './chart.mjs';
import { summarizeYear } from './months.mjs';

const { DATA_FILE, RESULT_DIRECTORY, UNIT = 'celsius' } = process.env;
const year = Number(process.env.YEAR);

const days = parse(await readFile(DATA_FILE, 'utf8')).filter(({ date }) => date.startsWith(`${year}-`));
if (days.length === 0) throw new Error(`The data set has no day of the year ${process.env.YEAR}`);
console.log(`${days.length} days of ${year}`);

const summary = summarizeYear(year, days, UNIT);
await mkdir(RESULT_DIRECTORY, { recursive: true });
await write('summary.json', `${JSON.stringify(summary, undefined, 2)}\n`);
await write('chart.svg', drawChart(summary));

function parse(csv) {
  const [header, ...rows] = csv.trim().split(/\r?\n/);
  const names = header.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [names[index], cell])));
}

// Under its final name only when it is whole: uploading begins while this runs.
async function write(name, content) {
  const path = join(RESULT_DIRECTORY, name);
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
  console.log(`wrote ${name}, ${Buffer.byteLength(content)} bytes`);
}
