import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createMetrics } from '../../src/metrics.ts';

const page = readFileSync(new URL('../../docs/operations/metrics.md', import.meta.url), 'utf8');

/** Cells of the rows of the table below a heading. */
function tableBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** `labelNames` is what the library keeps of a metric's own definition. */
async function described() {
  const { registry } = createMetrics({ processMetrics: false });
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, type }) => {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
    return { name, type: String(type), labels: labelNames.filter((label) => label !== 'le') };
  });
}

function sorted<T extends { name: string }>(rows: T[]): T[] {
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}

test('the page of the metrics has each metric with its type and its labels', async () => {
  const rows = tableBelow('The metrics').map(([name = '', type = '', labels = '']) => ({
    name: namesIn(name)[0] ?? '',
    type,
    labels: namesIn(labels),
  }));
  assert.deepEqual(sorted(rows), sorted(await described()));
});

test('the page of the metrics has the values of each label', async () => {
  const documented = tableBelow('Labels').map(([label = '']) => namesIn(label)[0]);
  const used = new Set((await described()).flatMap(({ labels }) => labels));
  assert.deepEqual(documented.sort(), [...used].sort());
});

test('only configured names become values of labels', () => {
  const { labelOf } = createMetrics({ templates: [{ name: 'echo' }], connectors: [{ name: 'provider' }] });
  assert.deepEqual(['echo', 'nonsense', ''].map(labelOf.template), ['echo', 'other', 'other']);
  assert.deepEqual(['provider', 'rest', 'former'].map(labelOf.connector), ['provider', 'rest', 'other']);
});

test('the counters of deliveries exist for each connector before its first delivery', async () => {
  const metrics = createMetrics({ processMetrics: false, connectors: [{ name: 'provider' }] });
  assert.match(
    await metrics.scrape(),
    /^edc_jp_deliveries_total\{connector="provider",result="failed"\} 0$/m,
  );
});

test('a scrape sees what is set just before it', async () => {
  const metrics = createMetrics({ processMetrics: false, version: '1.2.3' });
  metrics.beforeScrape(() => {
    metrics.leading.set(1);
  });
  const scraped = await metrics.scrape();
  assert.match(scraped, /^edc_jp_leading 1$/m);
  assert.match(scraped, /^edc_jp_build_info\{version="1\.2\.3",node="\d+\.\d+\.\d+"\} 1$/m);
});
