import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as ajvFormats } from 'ajv-formats';
import { examples, problemExample } from '../../../src/http/openapi-examples.ts';
import { openApiPath } from '../../../src/http/openapi.ts';
import { controlPlane } from '../../../src/dialects/control-plane/index.ts';
import { pageRoutes } from '../../../src/http/routes/pages/page-routes.ts';
import { healthRoutes } from '../../../src/http/routes/health.ts';
import { apiRoutes } from '../../../src/http/routes/api/api-routes.ts';
import { compatibilityOf } from '../../../src/http/routes/compatibility/compatibility-routes.ts';
import { provisionRoutes } from '../../../src/dialects/provision-routes.ts';
import { inboxRoutes } from '../../../src/http/routes/inbox.ts';
import { resultRoutes } from '../../../src/http/routes/results.ts';
import { settingsRoute } from '../../../src/http/routes/settings.ts';
import { serviceRoutes } from '../../../src/http/routes/service.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { ask, startHttp } from './start-http.ts';

type Deps<Build extends (deps: never) => unknown> = Parameters<Build>[0];
/** The tables alone matter here: nothing of them is called. */
const nothing = { config: {}, connectors: [], secrets: {} };
const results = [
  settingsRoute({ ...nothing, version: '' } as unknown as Deps<typeof settingsRoute>),
  ...resultRoutes(nothing as unknown as Deps<typeof resultRoutes>),
  ...apiRoutes({ ...nothing, templates: [] } as unknown as Deps<typeof apiRoutes>),
  ...inboxRoutes(nothing as unknown as Deps<typeof inboxRoutes>),
];
const routes = [
  ...serviceRoutes({ ...nothing, metrics: createMetrics() } as unknown as Deps<typeof serviceRoutes>),
  ...pageRoutes({ host: '127.0.0.1' }),
  ...healthRoutes(nothing as unknown as Deps<typeof healthRoutes>),
  ...provisionRoutes([controlPlane], { ...nothing } as unknown as Parameters<typeof provisionRoutes>[1]),
  ...results,
];

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; description: string }[];
  requestBody?: { content?: Record<string, MediaType> };
  responses: Record<string, { content?: Record<string, MediaType> }>;
}

interface MediaType {
  schema: object;
  example?: unknown;
}

interface Document {
  openapi: string;
  components: object;
  paths: Record<string, Record<string, Operation>>;
}

test('every route is documented, with each parameter of its path', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(
    documented.sort(),
    routes.map(({ method, path }) => `${method.toLowerCase()} ${openApiPath(path)}`).sort(),
  );
  for (const { method, path } of routes) {
    const operation = document.paths[openApiPath(path)]?.[method.toLowerCase()];
    const names = Array.from(path.matchAll(/[:*](\w+)/g), ([, name]) => name);
    assert.deepEqual(
      operation?.parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      names,
    );
    for (const { name, description } of operation.parameters)
      assert.notEqual(description, name, `${path}: ${name} has no description`);
  }
});

test('each error of the document has a problem as its body', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const errors = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.values(operations).flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        /^[45]/.test(status)
          ? [{ what: `${path} ${operationId} ${status}`, types: Object.keys(content) }]
          : [],
      ),
    ),
  );
  assert.ok(errors.length > 50);
  for (const { what, types } of errors) assert.deepEqual(types, ['application/problem+json'], what);
});

test('a parameter has its own schema, and a list is one text with commas', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const parameters = document.paths['/api/v1/jobs']?.['get']?.parameters ?? [];
  const byName = Object.fromEntries(parameters.map((one) => [one.name, one]));
  assert.partialDeepStrictEqual(byName, {
    limit: { in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200 } },
    since: { in: 'query', schema: { format: 'date-time' } },
    state: { in: 'query', style: 'form', explode: false, schema: { type: 'array' } },
    template: { in: 'query', schema: { type: 'string' } },
  });
});

test('a file of the results may have any media type', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const operations = Object.values(document.paths).flatMap(Object.values<Operation>);
  for (const name of ['getJobFile', 'getResultFile', 'getResultContent', 'getResultContentByBearer'])
    for (const status of ['200', '206']) {
      const operation = operations.find(({ operationId }) => operationId === name);
      assert.deepEqual(
        Object.keys(operation?.responses[status]?.content ?? {}),
        ['*/*'],
        `${name} ${status}`,
      );
    }
});

test('patterns are regular expressions in other languages too', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const { body } = await ask(port, '/openapi.json');
  const patterns: string[] = [];
  JSON.parse(body, (name, value: unknown) => {
    if (name === 'pattern' && typeof value === 'string') patterns.push(value);
    if (name === 'patternProperties') patterns.push(...Object.keys(value as object));
    return value;
  });
  assert.ok(patterns.length > 10);
  assert.deepEqual(
    patterns.filter((pattern) => /\[\^?\]|\\p\{/.test(pattern)),
    [],
  );
});

test('each example fits the schema beside it, and is of an operation that is served', async (t) => {
  const { port } = await startHttp(t, { routes: results });
  const document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  const { components } = document;
  const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: true });
  ajvFormats.default(ajv);
  function check(what: string, { schema, example }: MediaType): void {
    const validate = ajv.compile({ ...schema, components });
    assert.ok(validate(example), `${what}: ${ajv.errorsText(validate.errors)}`);
  }
  const exampled = new Set<string>();
  for (const { operationId, requestBody, responses } of Object.values(document.paths).flatMap(
    Object.values<Operation>,
  )) {
    const answers = Object.entries(responses).map(([status, answer]) => ({
      what: `${operationId} ${status}`,
      ...answer,
    }));
    for (const { what, content = {} } of [{ what: `${operationId} request`, ...requestBody }, ...answers])
      for (const media of Object.values(content)) {
        if (media.example === undefined) continue;
        exampled.add(operationId);
        check(what, media);
      }
  }
  assert.deepEqual([...exampled].sort(), Object.keys(examples).sort());
  check('a problem', { schema: { $ref: '#/components/schemas/Problem' }, example: problemExample });
});

test('a linter has nothing against the documents', async (t) => {
  const settings = {
    ...{ paths: 'on' as const, taskTemplate: 'task', taskParameter: 'DATA' },
    ...{ uploadTemplate: 'transcode', uploadInput: 'video' },
  };
  const compatibility = compatibilityOf({ settings, templates: [] });
  const { port } = await startHttp(t, { routes: results, compatibility });
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  t.after(() => rm(folder, { recursive: true }));
  const documents = { 'openapi.json': '/openapi.json', 'compatibility.json': '/compatibility/openapi.json' };
  for (const [file, path] of Object.entries(documents))
    await writeFile(join(folder, file), (await ask(port, path)).body);
  const cli = join(
    dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')),
    'bin',
    'cli.js',
  );
  const env = {
    ...process.env,
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    CI: 'true',
  };
  const args = [cli, 'lint', ...Object.keys(documents), '--format=stylish'];
  const linted = promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const { stdout, stderr } = await linted.catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  assert.match(stdout + stderr, /Your API descriptions are valid/);
});
