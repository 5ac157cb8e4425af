import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../src/kubernetes/types.ts';
import { startCommand } from '../support/command-process.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const secret = 'a-key-that-nobody-else-may-read';
const guarded = shellTemplate({
  script: 'true',
  parameters: {
    properties: {
      API_KEY: { type: 'string', writeOnly: true },
      TEXT: { type: 'string' },
    },
    required: ['API_KEY'],
  },
  files: { 'script.sh': 'true\n' },
});

/** A socket that is closed on a busy machine is no answer, and a Lease that is lost there stops everything. */
const settings = { http: { answerDeadlineMillis: 20_000 }, reconciler: { leaseSeconds: 30 } };

interface Answer {
  status: number;
  body: Record<string, unknown> & { job?: KubernetesObject; checks?: { check: string; detail: string }[] };
  text: string;
}

async function dryRun({ service }: World, body: object, value = 'All'): Promise<Answer> {
  const answer = await fetch(`${service.url}/api/v1/jobs?dryRun=${value}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'dry' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text) as Answer['body'] };
}

/** Every object that a job could leave in the cluster or in the bucket, with its version. */
async function listEverything({ namespace, bucket }: World): Promise<string[]> {
  const lists = [namespace.jobs(), namespace.pods(), namespace.configMaps(), namespace.secrets()];
  const objects = (await Promise.all<KubernetesObject[]>(lists)).flat();
  const names = objects.map(({ metadata }) => `${metadata?.uid ?? ''} ${metadata?.resourceVersion ?? ''}`);
  return [...names, ...(await bucket.keys())].sort();
}

test('a dry run checks a job with the cluster and its quotas, shows the Job without secrets, and creates nothing', async (t) => {
  const world = await startWorld(t, { templates: { guarded }, settings });
  await waitUntil('the service has what it needs for itself', async () => {
    const health = (await (await fetch(`${world.service.url}/health`)).json()) as { status: string };
    return health.status === 'ok';
  });
  const before = await listEverything(world);
  const labels = { project: 'demo' };
  const good = await dryRun(world, {
    template: 'guarded',
    labels,
    parameters: { API_KEY: secret, TEXT: 'good morning' },
  });
  assert.equal(good.status, 200, good.text);
  assert.equal(good.text.includes(secret), false);
  assert.equal(good.text.includes(Buffer.from(secret).toString('base64')), false);
  const { job, checks = [], secrets, environment } = good.body;
  assert.deepEqual([secrets, environment], [['API_KEY'], { TEXT: 'good morning' }]);
  assert.deepEqual(
    checks.map(({ check }) => check),
    ['access', 'parameters', 'size', 'cluster'],
  );
  assert.match(
    checks[3]?.detail ?? '',
    /accepts ConfigMap files-.*, Secret flow-.*, Job flow-.*, ConfigMap /,
  );
  assert.equal(job?.kind, 'Job');
  assert.equal(job.metadata?.namespace, world.namespace.name);

  // Its environment would go to the bucket.
  const large = { template: 'guarded', parameters: { API_KEY: secret, TEXT: 'x'.repeat(100_000) } };
  assert.equal((await dryRun(world, large)).status, 200);
  assert.equal((await dryRun(world, large)).status, 200);
  const tooLarge = { ...large, parameters: { API_KEY: 'x'.repeat(400_000), TEXT: 'x'.repeat(650_000) } };
  for (const [body, status, field] of [
    [{ template: 'guarded', parameters: { TEXT: 7 } }, 400, 'API_KEY'],
    [{ template: 'guarded', parameters: { API_KEY: secret, COLOUR: 'red' } }, 400, 'COLOUR'],
    [{ template: 'nowhere' }, 404, 'template'],
    [{ template: 'echo', labels: { a: 7 } }, 400, 'labels.a'],
    [tooLarge, 413, 'body'],
  ] as const) {
    const refused = await dryRun(world, body);
    assert.deepEqual([refused.status, refused.body['field']], [status, field], refused.text);
  }
  const other = await dryRun(world, { template: 'echo' }, 'Some');
  assert.deepEqual([other.status, other.body['field']], [400, 'dryRun']);

  const command = await startCommand(t, ['run', 'guarded', '--dry-run', '--param', `API_KEY=${secret}`], {
    env: { EDC_JP_URL: world.service.url },
  });
  assert.equal(await command.ended(), 0, command.stderr);
  assert.match(command.stdout, /^apiVersion: batch\/v1\nkind: Job\n/);
  assert.match(command.stderr, /^access: .*\nparameters: .*\nsize: .*\ncluster: .*\n$/);
  assert.equal(command.stdout.includes(secret), false);

  await fillJobQuota(world);
  const full = await dryRun(world, { template: 'echo' });
  assert.deepEqual([full.status, full.body['title']], [422, 'Refused by a quota of the cluster']);
  assert.match(full.text, /exceeded quota: jobs, requested: count\/jobs\.batch=1/);
  assert.deepEqual(await listEverything(world), before);
});

/** Allows no Job in this namespace; returns when the server enforces it. */
async function fillJobQuota({ namespace }: World): Promise<void> {
  const quotas = namespace.kind<KubernetesObject & { status?: { hard?: object } }>('resourcequotas');
  const hard = { 'count/jobs.batch': '0' };
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'jobs' }, spec: { hard } };
  await quotas.create(quota, AbortSignal.timeout(30_000));
  await waitUntil('the quota is in force', async () => {
    const { status } = (await quotas.get('jobs', AbortSignal.timeout(30_000))) ?? {};
    return status?.hard !== undefined;
  });
}
