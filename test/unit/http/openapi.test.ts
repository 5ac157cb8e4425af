import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, mock, test } from 'node:test';
import { promisify } from 'node:util';
import Router from '@koa/router';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as ajvFormats } from 'ajv-formats';
import { dialectNames } from '../../../src/config/settings/connectors.ts';
import { examples } from '../../../src/http/openapi-examples.ts';
import { openApiPath } from '../../../src/http/openapi.ts';
import { startApp } from '../start-app.ts';
import { ask } from './start-http.ts';

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

/** So that the service has all routes that it can have: those of each dialect too. */
const everything = {
  EDC_JP_CONNECTORS: JSON.stringify(
    dialectNames.map((dialect) => ({ name: dialect, dialect, callbackPrefix: `http://${dialect}.test` })),
  ),
  ...Object.fromEntries(dialectNames.map((name) => [tokensOf(name), `token-of-the-connector-${name}`])),
  EDC_JP_COMPATIBILITY_PATHS: 'on',
  EDC_JP_HTTP_DOCS: 'on',
};

function tokensOf(connector: string): string {
  return `CONNECTOR_${connector.toUpperCase().replaceAll('-', '_')}_TOKENS`;
}

/** What a router has registered; its own types hide it from mocks. */
interface StackedRouter {
  stack: { path: string | RegExp; methods: string[] }[];
  register(this: StackedRouter): unknown;
}

const stack = new AsyncDisposableStack();
/** The routers of the service, whose stacks say what is served. */
let routers: StackedRouter[];
let document: Document;
let compatibility: Document;

before(async () => {
  const register = mock.method(Router.prototype as unknown as StackedRouter, 'register');
  const { port } = await startApp(stack, everything);
  routers = [...new Set(register.mock.calls.map((call) => call.this as StackedRouter))];
  register.mock.restore();
  document = JSON.parse((await ask(port, '/openapi.json')).body) as Document;
  compatibility = JSON.parse((await ask(port, '/compatibility/openapi.json')).body) as Document;
});

after(() => stack.disposeAsync());

function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );
}

test('every route of the service is in one of the two documents, with each parameter of its path', () => {
  const served = routers.flatMap((router) =>
    router.stack.flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: String(path) })),
    ),
  );
  const documented = [document, compatibility].flatMap(operationsOf);
  assert.deepEqual(
    documented.map(({ method, path }) => `${method} ${path}`).sort(),
    served.map(({ method, path }) => `${method.toLowerCase()} ${openApiPath(path)}`).sort(),
  );
  const groups = ['/api/v1/jobs', '/connectors/{connector}/{token}/dataflows/start', '/provision', '/demo'];
  for (const path of [...groups, '/docs', '/inbox/{inbox}', '/openapi.json', '/metrics', '/health'])
    assert.ok(document.paths[path], path);
  for (const { method, path } of served) {
    const found = documented.find(
      (one) => one.path === openApiPath(path) && one.method === method.toLowerCase(),
    );
    const { parameters = [] } = found?.operation ?? {};
    assert.deepEqual(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      Array.from(path.matchAll(/[:*](\w+)/g), ([, name]) => name),
    );
    for (const { name, description } of parameters)
      assert.notEqual(description, name, `${path}: ${name} has no description`);
  }
});

/** OAuth2 says how an error of a token endpoint looks (RFC 6749 section 5.2). */
const oauth2Errors = ['renewAccessToken 400', 'renewAccessToken 401', 'renewAccessToken 503'];

test('each error of the documents has a problem as its body', () => {
  const errors = [document, compatibility]
    .flatMap(operationsOf)
    .flatMap(({ operation }) =>
      Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
        /^[45]/.test(status)
          ? [{ what: `${operation.operationId} ${status}`, types: Object.keys(content) }]
          : [],
      ),
    );
  assert.ok(errors.length > 50);
  const others = errors.filter(({ types }) => types.join() !== 'application/problem+json');
  assert.deepEqual(others.map(({ what }) => what).sort(), oauth2Errors);
});

test('a parameter has its own schema, and a list is one text with commas', () => {
  const parameters = document.paths['/api/v1/jobs']?.['get']?.parameters ?? [];
  const byName = Object.fromEntries(parameters.map((one) => [one.name, one]));
  assert.partialDeepStrictEqual(byName, {
    limit: { in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200 } },
    since: { in: 'query', schema: { format: 'date-time' } },
    state: { in: 'query', style: 'form', explode: false, schema: { type: 'array' } },
    template: { in: 'query', schema: { type: 'string' } },
  });
});

test('a file of the results may have any media type', () => {
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

test('patterns are regular expressions in other languages too', () => {
  const patterns: string[] = [];
  JSON.parse(JSON.stringify([document, compatibility]), (name, value: unknown) => {
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

interface Example {
  what: string;
  schema: object;
  example: unknown;
}

/** Those beside a schema, as bodies and parameters have them, and those in schemas. */
function examplesIn(node: unknown, what: string): Example[] {
  if (typeof node !== 'object' || node === null) return [];
  const { schema, example, examples: own, ...rest } = node as Partial<Example> & { examples?: unknown };
  return [
    ...(schema !== undefined && example !== undefined ? [{ what, schema, example }] : []),
    ...(Array.isArray(own) ? own.map((one: unknown) => ({ what, schema: rest, example: one })) : []),
    ...Object.entries({ schema, ...rest }).flatMap(([name, value]) => examplesIn(value, `${what}/${name}`)),
  ];
}

for (const name of ['openapi.json', 'compatibility/openapi.json'])
  test(`each example of ${name} fits its schema`, () => {
    const { components, paths } = name === 'openapi.json' ? document : compatibility;
    const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: true });
    ajvFormats.default(ajv);
    for (const { what, schema, example } of examplesIn({ components, paths }, '')) {
      const validate = ajv.compile({ ...schema, components });
      assert.ok(validate(example), `${what}: ${ajv.errorsText(validate.errors)}`);
    }
  });

test('no example is of an operation that is not served', () => {
  const exampled = [document, compatibility].flatMap(operationsOf).flatMap(({ operation }) => {
    const { operationId, requestBody, responses } = operation;
    return examplesIn({ requestBody, responses }, '').length > 0 ? [operationId] : [];
  });
  assert.deepEqual(exampled.sort(), Object.keys(examples).sort());
});

test('a linter has nothing against the documents', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  t.after(() => rm(folder, { recursive: true }));
  const documents = { 'openapi.json': document, 'compatibility.json': compatibility };
  for (const [file, content] of Object.entries(documents))
    await writeFile(join(folder, file), JSON.stringify(content));
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
