import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { startCommand } from '../support/command-process.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const secret = 'a-key-that-nobody-else-may-read';
const guarded = {
  ...shellTemplate({
    script:
      'printf "%s %s %s" "$COUNT" "$COLOUR" "$(printf %s "$API_KEY" | sha256sum | cut -d " " -f 1)" > "$RESULT_DIRECTORY/said.txt"',
    parameters: {
      properties: { API_KEY: { type: 'string', writeOnly: true }, COUNT: { type: 'integer' } },
      required: ['API_KEY', 'COUNT'],
    },
  }),
  'job.env': 'COLOUR=blue\n',
};
const said = `7 red ${hash('sha256', secret)}`;

/** A socket that is closed on a busy machine is no answer, and a Lease that is lost there stops everything. */
const reconciler = { leaseSeconds: 30 };
const settings = { http: { answerDeadlineMillis: 20_000 }, reconciler };

interface Job {
  id: string;
  state: string;
  connector: string;
  retryOf?: string;
  labels?: Record<string, string>;
  links: Record<string, string>;
}

type Answer = Job & { status: number; field?: string; detail?: string; items?: Job[] };

function apiOf({ service, bucket }: World) {
  async function call(path: string, body?: object, key?: string): Promise<Answer> {
    const answer = await fetch(`${service.url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        prefer: 'wait=30',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...((await answer.json()) as Job), status: answer.status };
  }
  async function untilEnded(id: string): Promise<Job> {
    const job = await waitUntil('the job has ended', async () => {
      const now = await call(`/jobs/${id}`);
      return ['succeeded', 'failed', 'cancelled'].includes(now.state) && now;
    });
    await waitUntil('it is recorded', () => bucket.record(id));
    return job;
  }
  async function readResult(id: string, path: string): Promise<string> {
    const answer = await fetch(`${service.url}/api/v1/jobs/${id}/results/files/${path}`);
    return await answer.text();
  }
  return { call, untilEnded, readResult };
}

test('a job that has ended is started again with its parameters and labels, also when only its record is left', async (t) => {
  const world = await startWorld(t, { templates: { guarded }, settings });
  const { call, untilEnded, readResult } = apiOf(world);
  const parameters = { API_KEY: secret, COUNT: 7 };
  const labels = { project: 'demo' };
  const environment = { COLOUR: 'red' };
  const first = await call('/jobs', { template: 'guarded', parameters, environment, labels });
  assert.equal(first.status, 202, first.detail);
  const running = await call('/jobs', { template: 'slow' });
  const early = await call(`/jobs/${running.id}/retry`, {});
  assert.deepEqual([early.status, early.detail], [409, 'the job has not ended yet: expected one that has']);
  assert.equal(running.links['retry'], undefined);
  assert.equal((await untilEnded(first.id)).state, 'succeeded');

  const without = await call(`/jobs/${first.id}/retry`, {});
  assert.deepEqual([without.status, without.field], [422, 'parameters.API_KEY']);
  const other = await call(`/jobs/${first.id}/retry`, { parameters: { API_KEY: secret, COUNT: 8 } });
  assert.deepEqual([other.status, other.field], [422, 'parameters.COUNT']);
  const again = { parameters: { API_KEY: secret } };
  const second = await call(`/jobs/${first.id}/retry`, again, 'once');
  assert.deepEqual([second.status, second.retryOf, second.labels], [202, first.id, labels], second.detail);
  assert.equal((await call(`/jobs/${first.id}/retry`, again, 'once')).id, second.id);
  assert.equal((await call(`/jobs/${running.id}/cancel`, {})).status, 202);
  assert.equal((await untilEnded(second.id)).state, 'succeeded');
  assert.equal(await readResult(second.id, 'said.txt'), said);
  assert.equal((await world.bucket.record(second.id))?.request.retryOf, first.id);

  await world.namespace.deleteJob(second.id);
  await waitUntil('the Job is gone', async () => (await world.namespace.job(second.id)) === undefined);
  const command = await startCommand(t, ['retry', second.id, '--param', `API_KEY=${secret}`], {
    env: { EDC_JP_URL: world.service.url },
  });
  assert.equal(await command.ended(), 0, command.stderr);
  const third = command.stdout.trim();
  assert.equal((await untilEnded(third)).retryOf, second.id);
  assert.equal(await readResult(third, 'said.txt'), said);
  const list = await call(`/jobs?retryOf=${first.id}`);
  assert.deepEqual(
    list.items?.map(({ id }) => id),
    [second.id],
  );
  // The key has started another job.
  assert.equal((await call(`/jobs/${second.id}/retry`, again, 'once')).status, 422);

  await untilEnded(running.id);
  const cancelled = await call(`/jobs/${running.id}/retry`, {});
  assert.deepEqual([cancelled.status, cancelled.retryOf], [202, running.id]);
  await call(`/jobs/${cancelled.id}/cancel`, {});
});

test('a job of a connector is started again as a job of the API', async (t) => {
  // Callbacks are held for as long as an answer may take.
  const world = await startWorld(t, { settings: { http: { answerDeadlineMillis: 5000 }, reconciler } });
  const { call, untilEnded, readResult } = apiOf(world);
  const transfer = world.connector().startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer);
  await world.connector().waitFor(transfer.id, 'STARTED');
  await untilEnded(flow);
  const retried = await call(`/jobs/${flow}/retry`, {});
  assert.deepEqual([retried.status, retried.connector, retried.retryOf], [202, 'rest', flow]);
  assert.equal((await untilEnded(retried.id)).state, 'succeeded');
  assert.match(await readResult(retried.id, 'greeting.txt'), /ä ö ü €/);
});
