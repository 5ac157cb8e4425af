import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createTokenSource } from '../../../../../src/dialects/token-source.ts';
import { clientCredentials } from '../../../../../src/dialects/request-token.ts';
import {
  keyCredentials,
  tokenCredentials,
} from '../../../../../src/dialects/signaling/registration/credentials.ts';
import { describeRegistrations } from '../../../../../src/dialects/signaling/registration/describe-registrations.ts';
import {
  startRegistrations,
  type RegistrationOptions,
  type RegistrationTarget,
} from '../../../../../src/dialects/signaling/registration/register.ts';
import { createRedactor } from '../../../../../src/redact-secrets.ts';
import { memoryLog } from '../../../../support/memory-log.ts';
import { waitUntil } from '../../../../support/wait-until.ts';
import { newAgent, sendJson, startLoopback } from '../loopback-server.ts';

const day = 86_400_000;

function targetAt(url: string, members: Partial<RegistrationTarget> = {}): RegistrationTarget {
  return {
    connector: 'edc',
    url,
    dataPlane: {
      dataplaneId: 'jobs',
      endpoint: 'https://jobs.example.org/connectors/edc/token/dataflows',
      profiles: ['HttpData-PULL', 'HttpData-PUSH'],
      labels: ['gpu'],
      authorization: {
        type: 'oauth2_client_credentials',
        tokenEndpoint: 'https://idp.example.org/token',
        clientId: 'edc',
        clientSecret: 'secret-of-the-client',
      },
    },
    renewMillis: day,
    credentials: keyCredentials('management-key'),
    ...members,
  };
}

/** Registrations until the test ends or `stop` is called; waits for nothing. */
function start(t: TestContext, targets: RegistrationTarget[], options: Partial<RegistrationOptions> = {}) {
  const stopping = new AbortController();
  const memory = memoryLog();
  const counts: string[] = [];
  const registrations = startRegistrations(
    targets,
    {
      dispatcher: newAgent(t),
      log: memory.log,
      redact: createRedactor([]),
      now: () => new Date('2026-01-01T00:00:00Z'),
      count: (connector, result) => void counts.push(`${connector} ${result}`),
      timeoutMillis: 30_000,
      backoff: { firstMillis: 1, maxMillis: 1 },
      ...options,
    },
    stopping.signal,
  );
  async function stop(): Promise<void> {
    stopping.abort(new Error('the service stops'));
    await registrations.ended;
  }
  t.after(stop);
  function stateOf(connector: string) {
    return registrations.states().get(connector);
  }
  return { registrations, stateOf, stop, memory, counts };
}

const paths = [
  '/dataplanes',
  '/api/management/v4/dataplanes',
  '/v5beta/participants/did%3Aweb%3Ax/dataplanes',
];
for (const path of paths) {
  test(`a data plane is registered at its configured address: ${path}`, async (t) => {
    const edc = await startLoopback(t, (res) => res.writeHead(200).end());
    const { stateOf, counts, memory } = start(t, [targetAt(edc.url + path)]);
    await waitUntil('it is registered', () => stateOf('edc')?.state === 'ok');
    assert.equal(edc.requests.length, 1);
    const [request] = edc.requests;
    assert.equal(request?.method, 'PUT');
    assert.equal(request.path, path);
    assert.equal(request.headers['x-api-key'], 'management-key');
    assert.equal(request.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(request.body), {
      dataplaneId: 'jobs',
      endpoint: 'https://jobs.example.org/connectors/edc/token/dataflows',
      profiles: ['HttpData-PULL', 'HttpData-PUSH'],
      transferTypes: ['HttpData-PULL', 'HttpData-PUSH'],
      labels: ['gpu'],
      authorization: {
        type: 'oauth2_client_credentials',
        tokenEndpoint: 'https://idp.example.org/token',
        clientId: 'edc',
        clientSecret: 'secret-of-the-client',
      },
    });
    assert.deepEqual(counts, ['edc registered']);
    assert.equal(memory.entries('registered at the control plane').length, 1);
  });
}

for (const status of [200, 201, 204]) {
  test(`an answer of ${status} registers`, async (t) => {
    const edc = await startLoopback(t, (res) => res.writeHead(status).end());
    const { stateOf } = start(t, [targetAt(edc.url)]);
    await waitUntil('it is registered', () => stateOf('edc')?.state === 'ok');
  });
}

for (const status of [404, 405]) {
  test(`a control plane that answers ${status} gets the registration of EDC 0.16`, async (t) => {
    const edc = await startLoopback(t, (res, { method }) =>
      res.writeHead(method === 'POST' ? 200 : status).end(),
    );
    const { stateOf, counts, memory } = start(t, [targetAt(`${edc.url}/control/dataplanes`)]);
    await waitUntil('it is registered', () => stateOf('edc')?.state === 'ok');
    assert.deepEqual(
      edc.requests.map(({ method, path }) => [method, path]),
      [
        ['PUT', '/control/dataplanes'],
        ['POST', '/control/dataplanes/register'],
      ],
    );
    const [, former] = edc.requests;
    assert.equal(former?.headers['x-api-key'], 'management-key');
    assert.deepEqual(JSON.parse(former.body), {
      dataplaneId: 'jobs',
      endpoint: 'https://jobs.example.org/connectors/edc/token/dataflows',
      transferTypes: ['HttpData-PULL', 'HttpData-PUSH'],
      labels: ['gpu'],
    });
    assert.deepEqual(counts, ['edc registered']);
    assert.deepEqual(memory.entries('registration failed'), []);
  });
}

const formerAnswers = [
  { name: 'unknown there, too', status: 404, problem: 'answered 405 (is registration.url right?)' },
  { name: 'refused there', status: 400, problem: 'answered 400' },
];
for (const { name, status, problem } of formerAnswers) {
  test(`a registration that is refused on both paths has one problem: ${name}`, async (t) => {
    const edc = await startLoopback(t, (res, { method }) =>
      res.writeHead(method === 'POST' ? status : 405).end(),
    );
    const { memory, counts } = start(t, [targetAt(edc.url)], {
      backoff: { firstMillis: day, maxMillis: day },
    });
    await waitUntil('a problem is logged', () => memory.entries('registration failed').length === 1);
    assert.deepEqual(
      memory.entries('registration failed').map((one) => one.problem),
      [problem],
    );
    assert.deepEqual(counts, ['edc failed']);
  });
}

test('after each failure the pause doubles up to its maximum, and a refusal that stays is logged once', async (t) => {
  const pauses: number[] = [];
  function sleep(millis: number): Promise<void> {
    pauses.push(millis);
    return Promise.resolve();
  }
  let answered = 0;
  const enough = Promise.withResolvers<undefined>();
  const edc = await startLoopback(t, (res) => {
    answered += 1;
    // The last answer is held back, so that no further pause starts.
    if (answered <= 6) res.writeHead(403).end();
    else enough.resolve(undefined);
  });
  const { memory } = start(t, [targetAt(edc.url)], {
    backoff: { firstMillis: 1000, maxMillis: 8000 },
    random: () => 0.5,
    clock: { sleep },
  });
  await enough.promise;
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 8000, 8000]);
  assert.equal(memory.entries('registration failed').length, 1);
});

test('a registration is repeated until it succeeds, then renewed, and logged at changes alone', async (t) => {
  const statuses = [503, 503, 401, 200, 200, 200];
  const edc = await startLoopback(t, (res) => {
    // The last answer is held back, so that the test looks at a state that stays.
    const status = statuses.shift();
    if (status !== undefined) res.writeHead(status).end();
  });
  const { stateOf, memory, counts } = start(t, [targetAt(edc.url, { renewMillis: 1 })]);
  await waitUntil('it was renewed twice', () => edc.requests.length === 7);
  assert.deepEqual(stateOf('edc'), { state: 'ok', since: '2026-01-01T00:00:00.000Z' });
  assert.deepEqual(
    memory.entries('registration failed').map(({ problem }) => problem),
    ['answered 503', 'answered 401 (are the credentials right, and may they write data planes?)'],
  );
  assert.equal(memory.entries('registered at the control plane').length, 1);
  assert.deepEqual(counts, [
    ...Array<string>(3).fill('edc failed'),
    ...Array<string>(3).fill('edc registered'),
  ]);
});

test('a control plane that is down does not delay another one, and health says which', async (t) => {
  const edc = await startLoopback(t, (res) => res.writeHead(200).end());
  const down = await startLoopback(t, () => undefined);
  await down.close();
  const targets = [targetAt(down.url, { connector: 'down' }), targetAt(edc.url)];
  const { registrations, stateOf } = start(t, targets, { backoff: { firstMillis: day, maxMillis: day } });
  await waitUntil(
    'both have a state',
    () => stateOf('edc')?.state === 'ok' && stateOf('down')?.state === 'retrying',
  );
  const { broken, shown, inside } = describeRegistrations(registrations.states());
  assert.equal(broken, true);
  assert.deepEqual(shown, { ok: 1, pending: 0, retrying: 1 });
  assert.match(JSON.stringify(inside), /"down":\{"state":"retrying".*ECONNREFUSED/);
  assert.ok(!JSON.stringify(shown).includes('down'));
});

test('a control plane that hangs does not delay another one', async (t) => {
  const edc = await startLoopback(t, (res) => res.writeHead(200).end());
  const hanging = await startLoopback(t, () => undefined);
  const { registrations, stateOf } = start(t, [
    targetAt(hanging.url, { connector: 'hanging' }),
    targetAt(edc.url),
  ]);
  await hanging.next();
  await waitUntil('the other one is registered', () => stateOf('edc')?.state === 'ok');
  assert.deepEqual(stateOf('hanging'), { state: 'pending' });
  assert.equal(describeRegistrations(registrations.states()).broken, false);
});

test('a problem shows neither the key nor the secret that were sent', async (t) => {
  const edc = await startLoopback(t, (res, { headers, body }) => {
    res.writeHead(400).end(`${String(headers['x-api-key'])} ${body}`);
  });
  const { memory } = start(t, [targetAt(edc.url)], { backoff: { firstMillis: day, maxMillis: day } });
  await waitUntil('a problem is logged', () => memory.entries('registration failed').length === 1);
  const text = memory.lines.join('');
  assert.match(text, /redacted/);
  assert.doesNotMatch(text, /management-key|secret-of-the-client/);
});

test('a refused token is requested again, and a problem of its endpoint is that of the registration', async (t) => {
  let count = 0;
  const answers: ((res: ServerResponse) => void)[] = [(res) => void res.writeHead(500).end()];
  const idp = await startLoopback(t, (res) => {
    const answer = answers.shift();
    if (answer === undefined) sendJson(res, { access_token: `token-${(count += 1)}`, expires_in: 3600 });
    else answer(res);
  });
  const edc = await startLoopback(t, (res, { headers }) => {
    res.writeHead(headers.authorization === 'Bearer token-2' ? 200 : 401).end();
  });
  const source = createTokenSource(
    clientCredentials({ tokenEndpoint: idp.url, clientId: 'jobs', clientSecret: 'secret-of-jobs' }),
    {
      dispatcher: newAgent(t),
      timeoutMillis: 30_000,
      stopping: t.signal,
      now: () => new Date(),
      backoff: { firstMillis: 0, maxMillis: 0 },
    },
  );
  const { stateOf, memory } = start(t, [targetAt(edc.url, { credentials: tokenCredentials(source) })]);
  await waitUntil('it is registered', () => stateOf('edc')?.state === 'ok');
  assert.deepEqual(
    edc.requests.map(({ headers }) => headers.authorization),
    ['Bearer token-1', 'Bearer token-2'],
  );
  const problems = memory.entries('registration failed').map(({ problem }) => String(problem));
  assert.equal(problems[0], `the token endpoint ${idp.url} answered 500`);
  assert.match(problems[1] ?? '', /^answered 401/);
});

test('a stopping service ends a registration that is under way, and deletes none', async (t) => {
  const edc = await startLoopback(t, () => undefined);
  const { stop, stateOf, memory, counts } = start(t, [targetAt(edc.url)]);
  await edc.next();
  await stop();
  assert.deepEqual(stateOf('edc'), { state: 'pending' });
  assert.deepEqual(memory.lines, []);
  assert.deepEqual(counts, []);
  assert.equal(edc.requests.length, 1);
});

test('no timer keeps the process after the service has stopped', async (t) => {
  const edc = await startLoopback(t, (res, { path }) => res.writeHead(path === '/down' ? 500 : 200).end());
  const folder = new URL('../../../../../src/dialects/signaling/registration/', import.meta.url).href;
  const script = `
    import { Agent } from 'undici';
    import { keyCredentials } from '${folder}credentials.ts';
    import { startRegistrations } from '${folder}register.ts';
    const dataPlane = { dataplaneId: 'jobs', endpoint: 'http://x.test', profiles: [], labels: [] };
    const targets = ['/up', '/down'].map((path) => ({
      connector: path, url: '${edc.url}' + path, dataPlane, renewMillis: ${day}, credentials: keyCredentials('key'),
    }));
    const stopping = new AbortController();
    const dispatcher = new Agent();
    let left = targets.length;
    const log = { info() {}, warn() {} };
    const backoff = { firstMillis: ${day}, maxMillis: ${day} };
    const count = () => { if (--left === 0) setImmediate(() => stopping.abort(new Error('stop'))); };
    const options = { dispatcher, log, backoff, count, redact: (text) => text, now: () => new Date() };
    await startRegistrations(targets, options, stopping.signal).ended;
    await dispatcher.destroy();
    console.log('ended');
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../../../../../', import.meta.url),
  });
  assert.equal(stdout, 'ended\n');
});
