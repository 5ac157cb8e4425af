import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '../../../../../src/http/route.ts';
import { apiRoutes } from '../../../../../src/http/routes/api/api-routes.ts';
import { compatibilityOf } from '../../../../../src/http/routes/compatibility/compatibility-routes.ts';
import { aTemplate } from '../../../../support/template-values.ts';
import { memoryFlows, noInputs } from '../../memory-flows.ts';
import { ask, startHttp, type StartOptions } from '../../start-http.ts';

const templates = [
  aTemplate({ name: 'echo' }),
  aTemplate({
    name: 'task',
    parameters: { type: 'object', properties: { DATA: { type: 'string' } }, required: [] },
  }),
];

function optionsOf(settings: { paths?: 'off' | 'on'; taskTemplate?: string } = {}): StartOptions {
  let ids = 0;
  const flows = memoryFlows();
  const deps = {
    flows,
    templates,
    connectors: [],
    inputs: noInputs,
    publicUrl: 'http://jobs.example.org',
    stopping: new AbortController().signal,
    now: () => new Date(0),
    newId: () => String((ids += 1)),
  };
  const compatibility = {
    paths: 'on' as const,
    taskTemplate: 'task',
    taskParameter: 'DATA',
    uploadTemplate: 'transcode',
    uploadInput: 'video',
    ...settings,
  };
  return {
    flows,
    templates,
    routes: apiRoutes(deps as unknown as Parameters<typeof apiRoutes>[0]),
    compatibility: compatibilityOf({ settings: compatibility, templates }),
  };
}

interface Document {
  paths: Record<string, Record<string, { deprecated?: boolean; security?: Record<string, string[]>[] }>>;
}

test('each path has a document of its own, in which it is deprecated, and is in no other', async (t) => {
  const { port } = await startHttp(t, optionsOf());
  const main = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const own = JSON.parse((await ask(port, '/compatibility/openapi.json')).body) as Document;
  const operations = Object.values(own.paths).flatMap((methods) => Object.values(methods));
  assert.ok(operations.length > 15);
  assert.ok(operations.every(({ deprecated }) => deprecated));
  assert.deepEqual(
    Object.keys(own.paths).filter((path) => path in main.paths),
    [],
  );
  assert.ok('/compatibility/openapi.json' in main.paths);
  assert.deepEqual(own.paths['/job/deploy']?.['get']?.security, [{ bearer: ['run'] }, { apiKey: ['run'] }]);
});

test('without the switch nothing of it is served', async (t) => {
  const { port } = await startHttp(t, optionsOf({ paths: 'off' }));
  for (const path of ['/job/deploy', '/tasks', '/sources', '/api/v1/health', '/compatibility/openapi.json'])
    assert.equal((await ask(port, path)).status, 404, path);
});

test('a start by GET ignores the type of a body that it does not have', async (t) => {
  const { port } = await startHttp(t, optionsOf());
  const { status, body } = await ask(port, '/job/deploy', {
    headers: { 'content-type': 'multipart/form-data; boundary=none' },
  });
  assert.equal(status, 202, body);
  assert.deepEqual(Object.keys(JSON.parse(body) as object), ['job_uuid']);
});

test('pages are redirects to the root, where their files are, as far as they are served', async (t) => {
  const { routes = [], ...options } = optionsOf();
  const page: Route = { ...(routes[0] as Route), path: '/docs', access: 'everybody' };
  const { port } = await startHttp(t, { ...options, http: { docs: 'off' }, routes: [...routes, page] });
  const { status, headers } = await ask(port, '/api/v1/docs');
  assert.deepEqual([status, headers.location], [308, '../../docs']);
  assert.ok(headers.deprecation);
  assert.equal((await ask(port, '/api/v1/redoc')).status, 404);
});

test('a path that stands for a route that is not served is an error of the start', () => {
  const { compatibility } = optionsOf();
  const about = { version: '1', url: 'http://jobs.example.org' };
  assert.throws(() => compatibility?.([], about), /no route is POST \/api\/v1\/jobs/);
});

test('each access is that of the route behind it', () => {
  const { compatibility, routes = [] } = optionsOf();
  const served: Route[] = ['/health', '/health/ready'].map((path) => ({
    ...(routes[0] as Route),
    ...{ path, method: 'GET', access: 'everybody' },
  }));
  const all = [...routes, ...served];
  const [, ...own] = compatibility?.(all, { version: '1', url: 'http://jobs.example.org' }) ?? [];
  for (const { path, access, deadline, successor } of own) {
    const same = all.filter((route) => route.path === successor);
    assert.ok(
      same.some((route) => route.access === access && route.deadline === deadline),
      path,
    );
  }
});

test('a task gets the job of its id, and a task template that does not exist names the setting', async (t) => {
  const { port } = await startHttp(t, optionsOf());
  const body = { task_id: 'one', data: { a: [1, null] }, priority: 7 };
  const created = await ask(port, '/tasks', { body });
  assert.equal(created.status, 202, created.body);
  const { id, ...task } = JSON.parse(created.body) as { id: string };
  assert.partialDeepStrictEqual(task, { task_id: 'one', priority: 7 });
  const found = JSON.parse((await ask(port, '/tasks/one')).body) as { id: string; asset_id: string };
  assert.equal(found.id, id);
  assert.ok('asset_id' in found);
  assert.equal((await ask(port, '/tasks/two')).status, 404);

  const { port: other } = await startHttp(t, optionsOf({ taskTemplate: 'missing' }));
  const refused = await ask(other, '/tasks', { body });
  assert.equal(refused.status, 404);
  assert.match(
    refused.body,
    /compatibility\.taskTemplate: expected the name of a template, received missing/,
  );
});
