import { examples, problemExample } from './openapi-examples.ts';
import { problemSchema } from './problem.ts';
import type { OperationResponse, Parameter, RequestBody, Route } from './route.ts';

const tags = {
  service: 'The service itself: health, metrics, this document',
  connectors: 'Requests of connectors',
  results: 'Results behind data addresses; the token in the path grants access',
  inbox: 'Where providers send the data of a consumer’s flow; the token grants access',
  templates: 'What can be asked for',
  jobs: 'Jobs of people and of connectors: start, list, look at, cancel, fetch',
  uploads: 'Input files of people’s jobs',
  supply: 'What jobs use: env files of assets; and the connectors whose assets they are',
  compatibility: 'Paths of other systems; each stands for one of this API',
  demo: 'Run a template and get its result in one request',
};

export interface DocumentOptions {
  version: string;
  url: string;
  /** Default: the name of the service. */
  title?: string;
}

/** An OpenAPI 3.1 document of these routes. */
export function buildOpenApi(
  routes: readonly Route[],
  { version, url, title = 'edc-job-provisioner' }: DocumentOptions,
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version,
      summary: 'Data offers made by Kubernetes Jobs',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    // Other credentials are tokens in paths.
    security: [],
    tags: Object.entries(tags)
      .filter(([name]) => routes.some(({ operation }) => operation.tag === name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes,
      schemas: { Problem: { ...problemSchema, examples: [problemExample] }, ...bodySchemas(routes) },
    },
  };
}

function bodySchemas(routes: readonly Route[]): Record<string, object> {
  return Object.fromEntries(
    routes.flatMap(({ body }) =>
      body === undefined || body.kind === 'bytes' ? [] : [[body.name, body.schema]],
    ),
  );
}

/** `/a/:b/*c` is `/a/{b}/{c}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/[:*](\w+)/g, '{$1}');
}

function describeOperation({ path, access, body, operation, successor }: Route): object {
  const { operationId, tag, summary, description, responses } = operation;
  const { request, answers = {} } = examples[operationId] ?? {};
  return {
    operationId,
    tags: [tag],
    summary,
    ...(successor === undefined ? {} : { deprecated: true }),
    ...(description === undefined ? {} : { description }),
    parameters: describeParameters(path, operation),
    ...(typeof access === 'object' ? { security: describeSecurity(access) } : {}),
    ...(body === undefined ? {} : { requestBody: describeBody(body, request) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [
          status,
          describeResponse(status, response, answers[status]),
        ]),
      ),
      ...problems,
    },
  };
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key of `api.keys`.' },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Api-Key',
    description: 'The same key in a header of its own.',
  },
};

/** OpenAPI 3.1 lists what a key must allow as its roles. */
function describeSecurity({ scope }: { scope: string }): object[] {
  return Object.keys(securitySchemes).map((name) => ({ [name]: [scope] }));
}

function describeBody(body: RequestBody, example: unknown): object {
  if (body.kind === 'bytes') return { content: body.content ?? { 'application/octet-stream': {} } };
  const schema = { $ref: `#/components/schemas/${body.name}` };
  if (body.kind === 'form') return { content: { 'application/x-www-form-urlencoded': { schema } } };
  const form = body.form === undefined ? {} : { 'multipart/form-data': { schema: body.form } };
  const content = {
    'application/json': { schema, ...shown(example) },
    'application/ld+json': { schema },
    ...form,
  };
  return { required: body.optional !== true, content };
}

function describeParameters(
  path: string,
  { parameters, query = {}, headers = {} }: Route['operation'],
): object[] {
  const inPath = Array.from(path.matchAll(/[:*](\w+)/g), ([, name = '']) => ({
    ...describeParameter([name, parameters[name] ?? name]),
    in: 'path',
    required: true,
  }));
  const inQuery = Object.entries(query).map((one) => ({
    ...describeParameter(one),
    in: 'query',
    ...commas(one),
  }));
  const inHeaders = Object.entries(headers).map((one) => ({ ...describeParameter(one), in: 'header' }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function describeParameter([name, parameter]: [string, Parameter]): object {
  return typeof parameter === 'string'
    ? { name, description: parameter, schema: { type: 'string' } }
    : { name, ...parameter };
}

function commas([, parameter]: [string, Parameter]): object {
  const isArray = typeof parameter === 'object' && 'items' in parameter.schema;
  return isArray ? { style: 'form', explode: false } : {};
}

function shown(example: unknown): object {
  return example === undefined ? {} : { example };
}

/** An error without a body of its own has a problem. */
function describeResponse(status: string, response: OperationResponse, example: unknown): object {
  const { description, contentType = 'application/json', schema } = response;
  if (/^[45]/.test(status) && schema === undefined) return { description, content: problem };
  const body = schema ?? (contentType === 'application/json' ? undefined : {});
  if (body === undefined) return { description };
  return { description, content: { [contentType]: { schema: body, ...shown(example) } } };
}

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const problems = {
  '4XX': { description: 'The request is refused', content: problem },
  '5XX': {
    description: 'An error of the service; held for some seconds on routes for connectors',
    content: problem,
  },
};
