import { buildOpenApi } from '../../openapi.ts';
import { problemOf } from '../../problem.ts';
import type { HttpContext, Operation, OperationResponse, Route } from '../../route.ts';
import { route as serviceRoute, serviceOperation } from '../service.ts';
import { callRoute, type RewrittenRequest } from './call-route.ts';
import type { CompatibilityDeps, CompatibilityEntry, RewriteDeps } from './compatibility-entry.ts';
import { jobEntries } from './job-entries.ts';
import { mediaEntries } from './media-entries.ts';
import { serviceEntries } from './service-entries.ts';
import { snakeCase, snakeSchema, snakeValue } from './snake-case.ts';
import { taskEntries } from './task-entries.ts';
import { videoEntries } from './video-entries.ts';

interface About {
  version: string;
  url: string;
}

/** Builds the paths from those that are served; undefined if they are switched off. */
export function compatibilityOf(
  deps: CompatibilityDeps,
): ((routes: readonly Route[], about: About) => Route[]) | undefined {
  if (deps.settings.paths === 'off') return undefined;
  return (routes, about) => compatibilityRoutes(routes, { ...about, ...deps });
}

/** Paths of other systems, each of which stands for one of `routes`, and a document of them. */
function compatibilityRoutes(
  routes: readonly Route[],
  { version, url, ...deps }: CompatibilityDeps & About,
): Route[] {
  const entries = [...jobEntries, ...taskEntries, ...mediaEntries, ...videoEntries, ...serviceEntries];
  async function ask(ctx: HttpContext, onto: string, request: RewrittenRequest): Promise<unknown> {
    await callRoute(ctx, findRoute(routes, onto), request);
    const { body } = ctx;
    ctx.body = undefined;
    ctx.status = 200;
    return body;
  }
  const known = entries.filter(({ redirect, onto }) => redirect === undefined || isServed(routes, onto));
  const own = known.map((entry) => entryRoute(entry, routes, { ...deps, ask }));
  const title = 'edc-job-provisioner: paths of other systems';
  const schema = { type: 'object' };
  const operation = serviceOperation('compatibilityOpenapi', 'The paths of other systems', {
    description: 'OpenAPI 3.1',
    schema,
  });
  const document = serviceRoute('/compatibility/openapi.json', operation, (ctx) => {
    ctx.body = buildOpenApi(own, { version, url, title });
  });
  return [document, ...own];
}

function findRoute(routes: readonly Route[], onto: string): Route {
  const found = routes.find(({ method, path }) => `${method} ${path}` === onto);
  if (found === undefined) throw new Error(`no route is ${onto}`);
  return found;
}

function isServed(routes: readonly Route[], onto: string): boolean {
  return routes.some(({ method, path }) => `${method} ${path}` === onto);
}

function entryRoute(entry: CompatibilityEntry, routes: readonly Route[], deps: RewriteDeps): Route {
  const onto = findRoute(routes, entry.onto);
  const { method, path, body, answersHead, startsJob = false } = entry;
  async function handle(ctx: HttpContext): Promise<void> {
    if (entry.redirect !== undefined) {
      ctx.status = 308;
      ctx.set('Location', entry.redirect);
      return;
    }
    const successor = ctx.response.get('Link');
    const { query = new URLSearchParams(ctx.querystring), ...request } =
      (await entry.rewrite?.(ctx, deps)) ?? {};
    const route = request.onto === undefined ? onto : findRoute(routes, request.onto);
    const known = startsJob ? new URLSearchParams() : camelQuery(query, onto);
    try {
      await callRoute(ctx, route, { ...request, query: known });
    } catch (error) {
      const { undo } = request;
      // After an error of ours, the job may have been started.
      const isRefused = problemOf(error).status < 500;
      // An upload that cannot be deleted now expires.
      if (undo !== undefined && isRefused) await deps.ask(ctx, undo.onto, undo).catch(() => undefined);
      throw error;
    }
    ctx.set('Link', successor);
    changeAnswer(ctx, entry, onto);
  }
  return {
    ...{ method, path, handle, access: onto.access, deadline: onto.deadline, successor: onto.path },
    ...(body && { body }),
    ...(answersHead === undefined ? {} : { answersHead }),
    operation: describe(entry, onto),
  };
}

/** The names that the route knows. */
function camelQuery(query: URLSearchParams, { operation }: Route): URLSearchParams {
  const names = new Map(Object.keys(operation.query ?? {}).map((name) => [snakeCase(name), name]));
  return new URLSearchParams(
    Array.from(query, ([name, value]): [string, string] => [names.get(name) ?? name, value]),
  );
}

/** Errors, files and 304 stay as they are. */
function changeAnswer(ctx: HttpContext, { answer }: CompatibilityEntry, { operation }: Route): void {
  const schema = operation.responses[ctx.status]?.schema;
  if (ctx.respond === false || schema === undefined || !isJson(ctx.body)) return;
  const { status } = ctx;
  const body = snakeValue(ctx.body, schema);
  ctx.body = answer === undefined ? body : answer.change(body, ctx);
  ctx.status = status;
}

function isJson(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body);
}

const redirected = { '308': { description: 'Where it is. `Location` is its address.' } };

function describe(entry: CompatibilityEntry, { operation, method, path }: Route): Operation {
  const { operationId, summary, parameters = {}, query, answer, startsJob = false, redirect } = entry;
  const known = Object.entries(operation.query ?? {}).map(([name, text]) => [snakeCase(name), text] as const);
  const served = Object.entries(operation.responses).filter(([status]) => !startsJob || status !== '200');
  const responses = served.map(
    ([status, response]) => [status, describeResponse(response, answer?.schema)] as const,
  );
  return {
    ...{ operationId, summary, tag: 'compatibility' },
    description: `Use \`${method} ${path.replaceAll(/[:*](\w+)/g, '{$1}')}\`.`,
    parameters: { ...operation.parameters, ...parameters },
    query: { ...(startsJob ? {} : Object.fromEntries(known)), ...query },
    responses: redirect === undefined ? Object.fromEntries(responses) : redirected,
  };
}

function describeResponse(
  { schema, ...response }: OperationResponse,
  change: (schema: object) => object = (same) => same,
): OperationResponse {
  return schema === undefined ? response : { ...response, schema: change(snakeSchema(schema)) };
}
