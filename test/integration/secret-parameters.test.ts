import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const secret = 'a-key-that-nobody-else-may-read';
const words = [secret, Buffer.from(secret).toString('base64')];

const templateYaml = `description: Says which key it was given, without telling it.
parameters:
  properties:
    API_KEY: { type: string, writeOnly: true }
    GREETING: { type: string }
  required: [API_KEY]
assets:
  - id: guarded
    parameters: { API_KEY: ${secret}, GREETING: good morning }
results:
  directory: /results
  storage: { size: 64Mi }
`;

const script = `set -eu
printf '%s, %s' "$GREETING" "$(printf %s "$API_KEY" | sha256sum | cut -d ' ' -f 1)" > "$RESULT_DIRECTORY/digest.txt"
`;

test('a secret parameter reaches the worker and is written down nowhere but in its Secret', async (t) => {
  const world = await startWorld(t, {
    templates: { 'with-a-secret': { ...shellTemplate({ script }), 'template.yaml': templateYaml } },
    settings: { log: { level: 'trace' } },
  });
  const simulator = world.connector();
  const transfer = simulator.startTransfer({ assetId: 'guarded', mode: 'pull' });
  const flow = world.flowOf(transfer);
  await simulator.waitFor(transfer.id, 'STARTED');
  await simulator.pull(transfer.id);
  const [received] = simulator.received(transfer.id);
  const digest = createHash('sha256').update(secret).digest('hex');
  assert.equal(await readFile(received?.path ?? '', 'utf8'), `good morning, ${digest}`);
  await waitUntil('the flow is recorded', () => world.bucket.record(flow));

  const { namespace, bucket } = world;
  const job = await namespace.job(flow);
  const secrets = await namespace.secrets(flow);
  const { plan } = (await namespace.flow(flow)) ?? {};
  const parameters = secrets.find(({ metadata }) => metadata?.name === plan?.parametersSecret);
  assert.equal(parameters?.data?.['API_KEY'], Buffer.from(secret).toString('base64'));
  const owners = parameters.metadata?.ownerReferences ?? [];
  assert.deepEqual(
    owners.map(({ kind, uid }) => [kind, uid]),
    [['Job', job?.metadata?.uid]],
  );

  assertSilent('the Jobs', await namespace.jobs());
  assertSilent('the pods', await namespace.pods());
  assertSilent('the ConfigMaps', await namespace.configMaps());
  assertSilent(
    'the other Secrets',
    secrets.filter((one) => one !== parameters),
  );
  assertSilent('the events', (await namespace.cluster.events.list({}, AbortSignal.timeout(30_000))).items);
  assertSilent('the service’s log', world.service.log);
  assertSilent('what the connector was sent', simulator.exchanges({ transferProcessId: transfer.id }));
  const keys = await bucket.keys();
  assert.ok(keys.some((key) => key.endsWith('/manifest.json')));
  for (const key of keys) assertSilent(key, (await bucket.read(key)).toString('utf8'));
});

function assertSilent(what: string, value: unknown): void {
  const text = JSON.stringify(value);
  for (const word of words) assert.ok(!text.includes(word), `${what}: the secret is in there`);
}
