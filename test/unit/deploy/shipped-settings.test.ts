import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.ts';

interface Container {
  ports: { name: string; containerPort: number }[];
  env: { name: string; value: string }[];
}

interface Compose {
  services: Record<
    string,
    { environment: Record<string, string>; ports: string[]; healthcheck: { test: string[] } }
  >;
}

const root = new URL('../../../', import.meta.url);
const file = fileURLToPath(new URL('deploy/base/settings.yaml', root));
const secrets = {
  STORE_ACCESS_KEY_ID: 'id',
  STORE_SECRET_ACCESS_KEY: 'secret',
  RESULT_KEYS: `k1:${'0'.repeat(64)}`,
  CONNECTOR_PROVIDER_TOKENS: '0'.repeat(48),
  CONNECTOR_PROVIDER_KEY: 'key',
};

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

for (const folder of ['base', 'overlays/production', 'overlays/eks'])
  test(`the settings of deploy/${folder} are usable as they are, and serve nothing without a token`, () => {
    const settings = fileURLToPath(new URL(`deploy/${folder}/settings.yaml`, root));
    const { config, warnings } = loadConfig({ env: secrets, file: settings });
    assert.deepEqual(warnings, []);
    assert.equal(config.http.unauthenticated, 'off');
  });

test('the settings of the trial are usable with its keys, which the store has too, and its API key is the documented one', () => {
  const env = parseEnv(read('deploy/overlays/kind/trial.env')) as Record<string, string>;
  const { config, warnings } = loadConfig({
    env,
    file: fileURLToPath(new URL('deploy/overlays/kind/settings.yaml', root)),
  });
  // A trial is used from this machine alone.
  const others = warnings.filter((warning) => !warning.endsWith('cannot be reached from other machines'));
  assert.deepEqual(others, []);
  const store = parseEnv(read('deploy/components/minio/keys.env'));
  assert.equal(env['STORE_ACCESS_KEY_ID'], store['MINIO_ROOT_USER']);
  assert.equal(env['STORE_SECRET_ACCESS_KEY'], store['MINIO_ROOT_PASSWORD']);
  const [key = ''] = /trial-key-[a-z-]+/.exec(read('docs/deployment.md')) ?? [];
  assert.equal(config.api.keys[0]?.sha256, hash('sha256', key));
});

test('the manifests and the chart name the image of this version', () => {
  const { version } = parse(read('package.json')) as { version: string };
  const chart = parse(read('deploy/helm/Chart.yaml')) as { version: string; appVersion: string };
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  const files = globSync('deploy/**/{kustomization,settings}.yaml', { cwd: root });
  const tags = files.flatMap((file) => {
    const found = read(file).matchAll(/newTag: (.+)|edc-job-provisioner:([0-9.]+)/g);
    return [...found].map(([, tag, other]) => tag ?? other);
  });
  assert.deepEqual(
    tags.filter((tag) => tag !== version),
    [],
  );
  assert.ok(tags.length > 0);
});

test('the ports of the Deployment are those of its settings', () => {
  const { config } = loadConfig({ env: secrets, file });
  const deployment = parse(read('deploy/base/deployment.yaml')) as {
    spec: { template: { spec: { containers: Container[] } } };
  };
  const [container] = deployment.spec.template.spec.containers;
  const ports = Object.fromEntries(container?.ports.map((port) => [port.name, port.containerPort]) ?? []);
  assert.deepEqual(ports, { http: config.http.port, metrics: config.http.metricsPort });
});

test('the compose file passes on every secret of the example settings, and settings that exist', () => {
  const { services } = parse(read('docker-compose.entrypoint.yaml')) as Compose;
  const { environment = {}, ports, healthcheck } = services['edc-job-provisioner'] ?? {};
  for (const name of Object.keys(secrets)) assert.match(environment[name] ?? '', new RegExp(`\\{${name}:`));
  const settings = Object.entries(environment).filter(([name]) => name.startsWith('EDC_JP_'));
  const { config, warnings } = loadConfig({ env: { ...Object.fromEntries(settings), ...secrets }, file });
  assert.deepEqual(warnings, []);
  assert.equal(config.cluster.kubeconfig, environment['EDC_JP_CLUSTER_KUBECONFIG']);
  const { port } = config.http;
  assert.ok(ports?.every((text) => text.endsWith(`:${port}`)));
  assert.ok(healthcheck?.test.at(-1)?.includes(`http://127.0.0.1:${port}/health/ready`));
});
