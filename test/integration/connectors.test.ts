import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Connector {
  name: string;
  dialect: string;
  templates: string[];
  limits: { transfers: number };
  deliveries?: {
    open: number;
    undelivered: number;
    last?: { job: string; startedAt: string; result?: string; detail?: string };
  };
  links: { self: string; jobs: string };
}

function keyOf(name: string): string {
  return `key-of-${name}-with-more-than-thirty-two-characters`;
}

const callers = {
  narrow: { templates: ['exit-1', 'echo'], connectors: ['down', 'rest'] },
  root: { scopes: ['read', 'admin'] },
};
const keys = Object.entries(callers).map(([name, entry]) => ({
  ...{ name, sha256: hash('sha256', keyOf(name)), scopes: ['read'] },
  ...entry,
}));

test('a caller sees the connectors that its key lists, and how they take their messages', async (t) => {
  const settings = { templates: ['exit-1', 'many-files'] };
  const world = await startWorld(t, {
    connectors: [
      { name: 'up', version: '0.15.1' },
      { name: 'down', version: '0.15.1', settings },
    ],
    settings: { api: { keys }, transfers: { perConnector: 3 }, http: { answerDeadlineMillis: 5000 } },
  });
  async function ask(path: string, as: keyof typeof callers): Promise<{ status: number; body: unknown }> {
    const headers = { authorization: `Bearer ${keyOf(as)}` };
    const answer = await fetch(`${world.service.url}/api/v1${path}`, { headers });
    const text = await answer.text();
    for (const secret of world.secrets) assert.equal(text.includes(secret), false, `${path} shows a secret`);
    return { status: answer.status, body: JSON.parse(text) as unknown };
  }
  async function list(as: keyof typeof callers): Promise<Connector[]> {
    const { status, body } = await ask('/connectors', as);
    assert.equal(status, 200);
    return (body as { items: Connector[] }).items;
  }

  const [own, ...others] = await list('narrow');
  assert.ok(own !== undefined && others.length === 0);
  assert.deepEqual(
    [own.name, own.dialect, own.templates, own.limits],
    ['down', 'control-plane', ['exit-1'], { transfers: 3 }],
    'templates that both the connector and the caller may use',
  );
  assert.deepEqual(
    (await list('root')).map(({ name, templates }) => [name, templates.includes('echo')]),
    [
      ['down', false],
      ['up', true],
    ],
  );
  for (const name of ['up', 'rest', 'none'])
    assert.equal((await ask(`/connectors/${name}`, 'narrow')).status, 404, name);

  const down = world.connector('down');
  for (const kind of ['callback', 'management'] as const)
    down.misbehave(kind, { kind: 'status', status: 503 });
  const transfer = down.startTransfer({ assetId: 'exit-1' });
  const job = world.flowOf(transfer, 'down');
  const { deliveries } = await waitUntil('an attempt has failed', async () => {
    const { body } = await ask('/connectors/down', 'narrow');
    const one = body as Connector;
    return one.deliveries?.last?.result === 'failed' ? one : undefined;
  });
  assert.deepEqual([deliveries?.open, deliveries?.undelivered, deliveries?.last?.job], [1, 1, job]);
  assert.match(deliveries?.last?.detail ?? '', /503/);
  const [, up] = await list('root');
  assert.deepEqual(up?.deliveries, { open: 0, undelivered: 0 });
  const jobs = await ask(own.links.jobs.replace(/^.*\/api\/v1/, ''), 'narrow');
  assert.deepEqual(
    (jobs.body as { items: { id: string }[] }).items.map(({ id }) => id),
    [job],
  );

  for (const kind of ['callback', 'management'] as const) down.misbehave(kind, undefined);
  await waitUntil('its outcome is delivered', async () => {
    const { body } = await ask('/connectors/down', 'root');
    return (body as Connector).deliveries?.undelivered === 0;
  });
});
