import { ServiceError } from '../../../../errors.ts';
import type { Template } from '../../../../template/template.ts';
import type { Route } from '../../../route.ts';
import { apiRoute, type ApiOperation } from '../api-route.ts';
import { describeTemplate } from './describe-template.ts';
import { TemplateListSchema, TemplateSchema } from './template-schema.ts';

export interface TemplateRouteDeps {
  templates: readonly Template[];
  publicUrl: string;
}

const tag = 'templates';

const listOperation: ApiOperation = {
  operationId: 'listTemplates',
  tag,
  summary: 'List what can be asked for',
  responses: { '200': { description: 'All templates.', schema: TemplateListSchema } },
};

const getOperation: ApiOperation = {
  operationId: 'getTemplate',
  tag,
  summary: 'Look at a template',
  parameters: { template: 'The template’s name.' },
  responses: { '200': { description: 'Its parameters, limits and results.', schema: TemplateSchema } },
};

export function templateRoutes({ templates, publicUrl }: TemplateRouteDeps): Route[] {
  const byName = templates.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    apiRoute({
      method: 'GET',
      path: '/templates',
      operation: listOperation,
      handle(ctx) {
        ctx.body = { items: byName.map((template) => describeTemplate(template, publicUrl)) };
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/templates/:template',
      operation: getOperation,
      handle(ctx) {
        const template = byName.find(({ name }) => name === ctx.params['template']);
        if (template === undefined) {
          const names = byName.map(({ name }) => name).join(', ');
          const expected = `template: expected one of ${names}`;
          throw new ServiceError('unknown-template', expected, { field: 'template' });
        }
        ctx.body = describeTemplate(template, publicUrl);
      },
    }),
  ];
}
