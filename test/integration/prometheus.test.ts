import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { dashboardQueries, metricNamesIn, type Dashboard, type Rules } from '../support/monitoring.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const component = join(projectFolder, 'deploy/components/monitoring');
const undelivered = 'EdcJpCallbacksUndelivered';

interface Prometheus {
  /** The member `data` of an answer of its API; throws unless that is a success. */
  ask(path: string): Promise<unknown>;
}

/** The shipped rule of undelivered callbacks, which fires after seconds instead of minutes. */
async function impatientRule(): Promise<Rules> {
  const { groups } = parse(await readFile(join(component, 'rules.yaml'), 'utf8')) as Rules;
  const rule = groups.flatMap((group) => group.rules).find(({ alert }) => alert === undelivered);
  assert.ok(rule !== undefined);
  const expr = rule.expr.replace('> 600', '> 1');
  assert.notEqual(expr, rule.expr);
  return { groups: [{ name: 'impatient', rules: [{ ...rule, expr, for: '0s' }] }] };
}

async function startPrometheus(t: TestContext, target: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-prometheus-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(join(folder, 'impatient.yaml'), stringify(await impatientRule()));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(component, 'rules.yaml'), 'impatient.yaml'],
    scrape_configs: [
      { job_name: 'edc-job-provisioner', static_configs: [{ targets: [new URL(target).host] }] },
    ],
  };
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const storage = ['--storage.tsdb.path', join(folder, 'data')];
  const args = [
    '--config.file',
    join(folder, 'prometheus.yaml'),
    '--web.listen-address',
    address,
    ...storage,
  ];
  const command = await startCommand(t, args, { program: ['prometheus'] });
  await waitUntil('Prometheus is ready', async () => {
    assert.equal(command.child.exitCode, null, command.stderr);
    return (await fetch(`http://${address}/-/ready`)).ok;
  });
  return {
    async ask(path) {
      const answer = await fetch(`http://${address}/api/v1/${path}`);
      const { status, data, error } = (await answer.json()) as Record<string, unknown>;
      assert.equal(status, 'success', `${path}: ${String(error)}`);
      return data;
    },
  };
}

async function firingConnectors(prometheus: Prometheus): Promise<string[]> {
  const { alerts } = (await prometheus.ask('alerts')) as {
    alerts: { state: string; labels: Record<string, string> }[];
  };
  return alerts
    .filter(({ state, labels }) => state === 'firing' && labels['alertname'] === undelivered)
    .map(({ labels }) => labels['connector'] ?? '');
}

test(
  'Prometheus scrapes a run, and its alert of undelivered callbacks fires while a connector is down',
  needing('prometheus'),
  async (t) => {
    const world = await startWorld(t, {
      connectors: ['down', 'up'].map((name) => ({ name, version: '0.15.1' })),
      settings: { reconciler: { deliverySeconds: 3600 } },
    });
    const { service } = world;
    const [down, up] = [world.connector('down'), world.connector('up')];
    const kinds = ['callback', 'management'] as const;
    for (const kind of kinds) down.misbehave(kind, { kind: 'status', status: 503 });
    const prometheus = await startPrometheus(t, service.url);
    const waits = down.startTransfer({ assetId: 'exit-1' });
    const served = up.startTransfer({ assetId: 'echo' });
    await up.waitFor(served.id, 'STARTED');

    await t.test('the alert names the connector that is down, and no other', async () => {
      await waitUntil('the alert fires', async () => (await firingConnectors(prometheus)).length > 0);
      assert.deepEqual(await firingConnectors(prometheus), ['down']);
    });

    await t.test('every rule is evaluated without an error', async () => {
      const rules = await waitUntil('all rules were evaluated', async () => {
        const { groups } = (await prometheus.ask('rules')) as {
          groups: { rules: { name: string; health: string; lastError?: string }[] }[];
        };
        const found = groups.flatMap((group) => group.rules);
        return found.every(({ health }) => health !== 'unknown') && found;
      });
      assert.ok(rules.length > 10);
      assert.deepEqual(
        rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== undefined),
        [],
      );
    });

    await t.test('every query of the dashboard is valid and names metrics of the scrape', async () => {
      const scrape = await (await fetch(`${service.url}/metrics`)).text();
      const names = new Set([...scrape.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name));
      const dashboard = JSON.parse(await readFile(join(component, 'dashboard.json'), 'utf8')) as Dashboard;
      for (const query of dashboardQueries(dashboard)) {
        await prometheus.ask(`query?${new URLSearchParams({ query }).toString()}`);
        const missing = metricNamesIn(query).filter((name) => !names.has(name.replace(/_bucket$/, '')));
        assert.deepEqual(missing, [], query);
      }
    });

    await t.test(
      'a run leaves its marks: requests, outcomes, steps, deliveries, the store, the leader',
      async () => {
        for (const query of [
          'http_requests_total{route="/connectors/:connector/:token/provision",status="200"} > 0',
          'edc_jp_outcomes_total{template="echo",phase="succeeded",reason=""} == 1',
          'edc_jp_outcomes_total{phase="failed",reason="worker-failed"} == 1',
          'edc_jp_flow_step_seconds_count{step="running",template="echo"} == 1',
          'edc_jp_flow_step_seconds_count{step="delivering",template="echo"} == 1',
          'edc_jp_deliveries_total{connector="up",result="delivered"} == 1',
          'edc_jp_deliveries_total{connector="down",result="failed"} > 0',
          'edc_jp_undelivered_flows{connector="down"} == 1',
          'edc_jp_undelivered_flows{connector="up"} == 0',
          'edc_jp_store_bytes_total{direction="received"} > 0',
          'edc_jp_leading == 1',
        ])
          await waitUntil(query, async () => {
            const { result } = (await prometheus.ask(
              `query?${new URLSearchParams({ query }).toString()}`,
            )) as {
              result: unknown[];
            };
            return result.length === 1;
          });
      },
    );

    await t.test('the alert ends when the connector is back', async () => {
      for (const kind of kinds) down.misbehave(kind, undefined);
      await down.waitFor(waits.id, 'TERMINATED');
      await waitUntil('nothing fires', async () => (await firingConnectors(prometheus)).length === 0);
    });
  },
);
