import { dialectNames } from '../../config/settings/connectors.ts';
import type { Metrics } from '../../metrics.ts';
import type { Operation, OperationResponse, Route } from '../route.ts';

export interface ServiceDependencies {
  version: string;
  /** Undefined if they have their own port. */
  metrics: Metrics | undefined;
  /** Addresses of other routes, by name. */
  links?: Readonly<Record<string, string>>;
  /** Built on request: the document describes all routes, including these. */
  openApi: () => object;
}

/** Values of the members that `/` and `/service` have in common. */
export function serviceMembers(version: string) {
  return { name: 'edc-job-provisioner', version, dialects: dialectNames };
}

const text = { type: 'string' };
const names = { type: 'array', items: text };

/** Schemas of these members, and of the links. */
export const aboutMembers = {
  name: text,
  version: text,
  dialects: { ...names, description: 'Wire formats that connectors may use.' },
  links: {
    type: 'object',
    additionalProperties: text,
    description: 'Addresses of other resources, by name.',
  },
};

const aboutSchema = {
  type: 'object',
  additionalProperties: false,
  required: Object.keys(aboutMembers),
  properties: aboutMembers,
};

export function serviceRoutes({ version, metrics, openApi, links: more }: ServiceDependencies): Route[] {
  const links = {
    health: '/health',
    ready: '/health/ready',
    live: '/health/live',
    ...(metrics && { metrics: '/metrics' }),
    openapi: '/openapi.json',
    ...more,
  };
  const about = serviceOperation('service', 'About this service', {
    description: 'Name, version, dialects and links',
    schema: aboutSchema,
  });
  const document = serviceOperation('openapi', 'This document', {
    description: 'OpenAPI 3.1',
    schema: { type: 'object' },
  });
  return [
    route('/', about, (ctx) => {
      ctx.body = { ...serviceMembers(version), links };
    }),
    ...(metrics ? [metricsRoute(metrics)] : []),
    route('/openapi.json', document, (ctx) => {
      ctx.body = openApi();
    }),
  ];
}

export function metricsRoute(metrics: Metrics): Route {
  const response = { description: 'Text', contentType: 'text/plain' };
  return route('/metrics', serviceOperation('metrics', 'Metrics for Prometheus', response), async (ctx) => {
    ctx.body = await metrics.scrape();
    ctx.type = metrics.registry.contentType;
  });
}

/** A route of the service itself, which all clients may use. */
export function route(path: string, operation: Operation, handle: Route['handle']): Route {
  return { method: 'GET', path, access: 'everybody', deadline: 'bounded', operation, handle };
}

export function serviceOperation(
  operationId: string,
  summary: string,
  response: OperationResponse,
): Operation {
  return { operationId, tag: 'service', summary, parameters: {}, responses: { 200: response } };
}
