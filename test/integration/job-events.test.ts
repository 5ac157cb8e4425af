import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface ReceivedEvent {
  event: string;
  id: string;
  data: string;
}

/** Reads a job's events until the stream ends, or until `isLast`, when it leaves. */
async function readEvents(
  url: string,
  lastEventId = '',
  isLast: (event: ReceivedEvent) => boolean = () => false,
): Promise<{ status: number; events: ReceivedEvent[] }> {
  const leaving = new AbortController();
  const headers = { accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) };
  const { status, body } = await fetch(url, { headers, signal: leaving.signal });
  const events: ReceivedEvent[] = [];
  if (body === null) return { status, events };
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event === undefined) continue;
      events.push(event);
      if (isLast(event)) return { status, events };
    }
  }
  return { status, events };
}

function parse(block: string): ReceivedEvent | undefined {
  const fields = new Map(block.split('\n').map((line) => splitField(line)));
  const [event, id, data] = ['event', 'id', 'data'].map((name) => fields.get(name));
  return event === undefined || id === undefined || data === undefined ? undefined : { event, id, data };
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(': ');
  return [line.slice(0, colon), line.slice(colon + 2)];
}

async function startGated(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template: 'gated' }),
  });
  assert.equal(answer.status, 202, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
}

function isState(state: string) {
  return ({ data }: ReceivedEvent) => data.includes(`"state":"${state}"`);
}

test('people follow a job until its end, and a browser that has seen the end does not come back', async (t) => {
  const world = await startWorld(t);
  const { url } = world.service;
  const id = await startGated(url);
  const address = `${url}/api/v1/jobs/${id}/events`;
  const running = await readEvents(address, '', isState('running'));
  const all = readEvents(address);
  world.gate.open();
  const { status, events } = await all;
  assert.equal(status, 200);
  const ids = events.map((event) => event.id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.equal(events[0]?.data, running.events.at(-1)?.data, 'the present state comes first');
  assert.deepEqual(events.at(-1), { event: 'done', id: `${id}/done`, data: 'succeeded' });
  const job = (await (await fetch(`${url}/api/v1/jobs/${id}`)).json()) as object;
  assert.deepEqual(JSON.parse(events.at(-2)?.data ?? ''), job);
  assert.equal((await readEvents(address, ids.at(-2))).events.length, 1, 'the end alone');
  assert.equal((await readEvents(address, ids.at(-1))).status, 204);
  assert.equal((await readEvents(address.replace(id, `flow-${'a'.repeat(26)}`))).status, 404);
});

test('a stream ends with its replica, and goes on at another one and after a restart without a repeated event', async (t) => {
  const world = await startWorld(t, { replicas: 2 });
  const [first, second] = world.services;
  assert.ok(first !== undefined && second !== undefined);
  const id = await startGated(first.url);
  const path = `/api/v1/jobs/${id}/events`;
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  const { events } = await readEvents(`${first.url}${path}`, '', isState('running'));
  const seen = events.at(-1)?.id ?? '';
  const cut = readEvents(`${first.url}${path}`, seen);
  const other = readEvents(`${second.url}${path}`, seen);
  assert.equal(await first.stop(), 0);
  assert.deepEqual(await cut, { status: 200, events: [] }, 'it ends in order, and nothing has changed');
  await first.start();
  const restarted = readEvents(`${first.url}${path}`, seen);
  world.gate.open();
  for (const { status, events } of await Promise.all([other, restarted])) {
    assert.equal(status, 200);
    const again = events.filter((event) => event.id === seen || isState('running')(event));
    assert.deepEqual(again, [], `after ${seen}`);
    assert.deepEqual(events.at(-1), { event: 'done', id: `${id}/done`, data: 'succeeded' });
  }
});
