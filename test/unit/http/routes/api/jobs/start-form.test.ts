import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../../../../src/clock.ts';
import { keptParameters } from '../../../../../../src/cluster-objects/kept-parameters.ts';
import { apiScopes } from '../../../../../../src/config/settings/api.ts';
import { ServiceError } from '../../../../../../src/errors.ts';
import type { Caller } from '../../../../../../src/http/access/caller.ts';
import { jobRoutes } from '../../../../../../src/http/routes/api/jobs/job-routes.ts';
import { planRetry } from '../../../../../../src/http/routes/api/retry/plan-retry.ts';
import { createReceptionSlots } from '../../../../../../src/inbox/reception-slots.ts';
import type { FlowService } from '../../../../../../src/requests/flow-service.ts';
import type { RenderedTemplate } from '../../../../../../src/template/template.ts';
import { aTemplate } from '../../../../../support/template-values.ts';
import { memoryStore } from '../../../../result/stored-results.ts';
import { memoryFlows, noInputs } from '../../../memory-flows.ts';
import { startHttp } from '../../../start-http.ts';

const { signal } = new AbortController();
const localCaller: Caller = {
  name: 'local',
  scopes: apiScopes,
  templates: ['*'],
  connectors: ['*'],
  admin: true,
};

const properties = {
  COUNT: { type: 'integer', default: 1 },
  KEY: { type: 'string', writeOnly: true, maxLength: 10, default: '' },
};
const template = aTemplate({
  parameters: { type: 'object', properties, required: [] },
  environment: { COLOUR: 'red', SIZE: 'small' },
});

async function start(t: TestContext, overrides: Partial<FlowService> = {}) {
  const memory = memoryFlows();
  const rendered: RenderedTemplate[] = [];
  const flows = memoryFlows({
    view: (id, signal) => memory.view(id, signal),
    accept(wanted, signal) {
      if ('rendered' in wanted) rendered.push(wanted.rendered);
      return memory.accept(wanted, signal);
    },
    ...overrides,
  });
  const limits = {
    maxBytes: 1000,
    maxPresignedBytes: 1000,
    idleMillis: 60_000,
    totalMillis: 60_000,
    keepMillis: 60_000,
  };
  const store = memoryStore();
  const common = { now: () => new Date(), newId: randomUUID };
  const deps = {
    ...{ ...common, templates: [template], flows, publicUrl: '', stopping: new AbortController().signal },
    inputs: noInputs,
    priorities: {},
    progressOf: () => Promise.resolve(undefined),
    envFiles: { current: () => Promise.resolve([]) },
    inputFiles: {
      ...{
        ...common,
        store,
        limits,
        clock: systemClock,
        slots: createReceptionSlots(1, 'uploads.concurrency'),
      },
      // No test here stores a file.
      uploads: undefined as never,
    },
  };
  const routes = jobRoutes(deps);
  const { port } = await startHttp(t, { routes });
  async function send(parts: Record<string, string>, query = ''): Promise<Response> {
    const body = new FormData();
    for (const [name, value] of Object.entries(parts)) body.set(name, value);
    return await fetch(`http://127.0.0.1:${port}/api/v1/jobs${query}`, { method: 'POST', body });
  }
  async function refusal(parts: Record<string, string>): Promise<[number, string, string]> {
    const answer = await send(parts);
    const { field, detail } = (await answer.json()) as { field: string; detail: string };
    assert.equal(rendered.length, 0);
    return [answer.status, field, detail];
  }
  return { send, refusal, rendered, deps, memory };
}

const job = JSON.stringify({ template: 'echo', parameters: { COUNT: 3 } });

test('variables of an env file take the place of the template’s, and parameters of the JSON win over them', async (t) => {
  const { send, rendered } = await start(t);
  const env = '# mine\nexport COLOUR="deep\nblue"\nCOUNT=2\nKEY=secret\n';
  for (const parts of [
    { job, env },
    { env, job: JSON.stringify({ template: 'echo', environment: { COLOUR: 'green', SIZE: 'big' } }) },
    { job: JSON.stringify({ template: 'echo' }) },
  ])
    assert.equal((await send(parts)).status, 202);
  const [first, second, third] = rendered.map(({ environment, secretEnvironment }) => ({
    ...environment,
    secret: secretEnvironment,
  }));
  assert.deepEqual(first, { COLOUR: 'deep\nblue', SIZE: 'small', COUNT: '3', secret: { KEY: 'secret' } });
  assert.deepEqual(second, { COLOUR: 'deep\nblue', SIZE: 'big', COUNT: '2', secret: { KEY: 'secret' } });
  assert.deepEqual(third, { COLOUR: 'red', SIZE: 'small', COUNT: '1', secret: { KEY: '' } });
});

/** A few lines that would become a thousand million members. */
const aliases = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]
${Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array.from({ length: 10 }, () => `*a${at}`).join(', ')}]`).join('\n')}
`;

test('a job configuration has the members of the JSON, which wins over it, and other parts win over both', async (t) => {
  const { send, rendered } = await start(t);
  const jobConf = `template: echo
parameters: # of everyday use
  COUNT: 7
environment:
  COLOUR: green
  SIZE: big
`;
  for (const parts of [
    { jobConf },
    { jobConf: JSON.stringify({ template: 'echo', parameters: { COUNT: 7 } }) },
    { jobConf, job },
    { jobConf, job: '{"environment":{"SIZE":"middle"}}', env: 'COLOUR=blue\n' },
  ])
    assert.equal((await send(parts)).status, 202);
  assert.deepEqual(
    rendered.map(({ environment: { COUNT, COLOUR, SIZE } }) => [COUNT, COLOUR, SIZE]),
    [
      ['7', 'green', 'big'],
      ['7', 'red', 'small'],
      ['3', 'green', 'big'],
      ['7', 'blue', 'middle'],
    ],
  );
});

test('a form that is no start is refused by the name of its part', async (t) => {
  const { refusal } = await start(t);
  for (const { parts, status = 400, field, detail } of [
    { parts: { env: 'COUNT=1' }, field: 'job', detail: /a part with the JSON/ },
    { parts: { jobConf: 'template: echo\nlabels: [' }, field: 'jobConf', detail: /YAML or JSON; line 2: / },
    { parts: { jobConf: '- echo' }, field: 'jobConf', detail: /a map with the members of a job/ },
    { parts: { jobConf: aliases }, field: 'jobConf', detail: /fewer aliases/ },
    { parts: { jobConf: 'template: echo\nimage: other' }, field: 'image', detail: /no such member|expected/ },
    { parts: { job, jobConf: 'environment: 1', env: 'COUNT=2' }, field: 'environment', detail: /a map/ },
    { parts: { job: '{' }, field: 'job', detail: /valid JSON/ },
    { parts: { job: '[]' }, field: 'job', detail: /a JSON object/ },
    { parts: { job, env: 'COUNT=2\nnothing' }, field: 'env', detail: /line 2: expected NAME=value/ },
    {
      parts: { job, env: 'SHAPE=round' },
      field: 'environment.SHAPE',
      detail: /one of COUNT, KEY, COLOUR, SIZE$/,
    },
    { parts: { job: '{"template":"echo"}', env: 'COUNT=many' }, field: 'COUNT', detail: /an integer/ },
    { parts: { job, env: 'KEY=much-too-long-a-secret' }, field: 'KEY', detail: /^(?!.*much).*characters/ },
    { parts: { job, other: 'x' }, field: 'other', detail: /job, jobConf, env, or a file/ },
    { parts: { job: `"${'x'.repeat(300_000)}"` }, status: 413, field: 'job', detail: /at most 262144 bytes/ },
  ]) {
    const answer = await refusal(parts);
    assert.deepEqual(answer.slice(0, 2), [status, field], answer[2]);
    assert.match(answer[2], detail);
  }
});

test('a refusal of the cluster is answered', async (t) => {
  const { send } = await start(t, {
    accept: () => Promise.reject(new ServiceError('quota-allows-none', 'no room')),
  });
  assert.equal((await send({ job })).status, 422);
});

test('a retry has the variables of the env file too, and asks for the secret ones', async (t) => {
  const { send, memory, deps, rendered } = await start(t);
  assert.equal((await send({ job, env: 'COLOUR=blue\nCOUNT=2\nKEY=secret' })).status, 202);
  const [view] = memory.views.values();
  const [first] = rendered;
  assert.ok(view !== undefined && first !== undefined);
  const request = { ...view.request, ...keptParameters(first) };
  assert.deepEqual([request.parameters, request.unkept], [{ COLOUR: 'blue', COUNT: 3 }, ['KEY']]);
  const outcome = { phase: 'failed', reason: 'worker-failed', message: '', at: '' } as const;
  const old = { ...view, flow: 'flow-old', request, outcome };
  const wanted = { caller: localCaller, old, key: undefined };
  await assert.rejects(planRetry(deps, { ...wanted, body: {} }, signal), { field: 'parameters.KEY' });
  const body = { parameters: { KEY: 'secret' } };
  const { rendered: again } = await planRetry(deps, { ...wanted, body }, signal);
  assert.deepEqual(again.environment, first.environment);
  assert.deepEqual(again.secretEnvironment, first.secretEnvironment);
});
