import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/metrics.ts';
import { dashboardQueries, metricNamesIn, type Dashboard, type Rules } from '../../support/monitoring.ts';

const root = new URL('../../../', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

const component = 'deploy/components/monitoring/';
const rules = parse(read(`${component}rules.yaml`)) as Rules;
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read(`${component}dashboard.json`)) as Dashboard;

test('the PrometheusRule has the groups of the rules file', () => {
  const { spec } = parse(read(`${component}prometheus-rule.yaml`)) as { spec: Rules };
  assert.deepEqual(spec, rules);
});

test('each alert has a runbook that shows its query, and each runbook has an alert', () => {
  for (const { alert, expr, annotations } of alerts) {
    const url = annotations['runbook_url'] ?? '';
    assert.ok(existsSync(new URL(url, root)), `${alert}: ${url}`);
    const page = read(url);
    assert.ok(page.startsWith(`# ${alert}\n`), url);
    assert.ok(page.includes(expr), `${url} shows another query`);
    for (const heading of ['## Look at', '## Do']) assert.ok(page.includes(heading), `${url}: ${heading}`);
  }
  const pages = readdirSync(new URL('docs/operations/runbooks/', root)).filter(
    (name) => name !== 'README.md',
  );
  assert.equal(pages.length, alerts.length);
});

test('alerts and dashboard name metrics that the service has', async () => {
  const { registry } = createMetrics();
  const known = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
  for (const query of [...alerts.map(({ expr }) => expr), ...dashboardQueries(dashboard)]) {
    const names = metricNamesIn(query);
    assert.ok(names.length > 0, query);
    assert.deepEqual(
      names.filter((name) => name !== 'up' && !known.has(name.replace(/_bucket$/, ''))),
      [],
      query,
    );
    assert.match(query, /job="edc-job-provisioner"/);
  }
});

test('the dashboard shows each metric of the service', async () => {
  const { registry } = createMetrics({ processMetrics: false });
  const shown = new Set(
    dashboardQueries(dashboard)
      .flatMap(metricNamesIn)
      .map((name) => name.replace(/_bucket$/, '')),
  );
  const all = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  assert.deepEqual(
    all.filter((name) => !shown.has(name)),
    [],
  );
});
