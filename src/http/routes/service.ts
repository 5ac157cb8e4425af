import type { Metrics } from '../../metrics.ts';
import type { HttpContext, Operation, OperationResponse, Route } from '../route.ts';

export interface ServiceDependencies {
  version: string;
  /** Absent: they have a port of their own. */
  metrics: Metrics | undefined;
  /** Made when first asked for: it describes all routes, these included. */
  openApi: () => object;
}

export function serviceRoutes({ version, metrics, openApi }: ServiceDependencies): Route[] {
  const links = {
    health: '/health',
    ready: '/health/ready',
    live: '/health/live',
    ...(metrics === undefined ? {} : { metrics: '/metrics' }),
    openapi: '/openapi.json',
  };
  return [
    route(
      '/',
      operation('service', 'What this is', {
        description: 'Name, version and links',
        schema: { type: 'object' },
      }),
      (ctx) => {
        ctx.body = { name: 'edc-job-provisioner', version, links };
      },
    ),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
    route(
      '/openapi.json',
      operation('openapi', 'This document', { description: 'OpenAPI 3.1', schema: { type: 'object' } }),
      (ctx) => {
        ctx.body = openApi();
      },
    ),
  ];
}

export function metricsRoute({ registry }: Metrics): Route {
  return route(
    '/metrics',
    operation('metrics', 'Metrics for Prometheus', { description: 'Text', contentType: 'text/plain' }),
    async (ctx) => {
      ctx.body = await registry.metrics();
      ctx.type = registry.contentType;
    },
  );
}

function route(
  path: string,
  operation: Operation,
  handle: (ctx: HttpContext) => Promise<void> | void,
): Route {
  return { method: 'GET', path, access: 'everybody', deadline: 'bounded', operation, handle };
}

function operation(operationId: string, summary: string, answer: OperationResponse): Operation {
  return { operationId, tag: 'service', summary, parameters: {}, responses: { 200: answer } };
}
