import { localCallerName } from '../../../../config/settings/api.ts';
import { ServiceError } from '../../../../errors.ts';
import { callerOf, checkTemplateAccess, mayUse, type Caller } from '../../../access/caller.ts';
import type { Template } from '../../../../template/template.ts';
import type { Route } from '../../../route.ts';
import { apiRoute, type ApiOperation } from '../api-route.ts';
import { describeTemplate, type ForClient } from './describe-template.ts';
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
  function forClient({ name }: Caller): ForClient {
    return { publicUrl, keyed: name !== localCallerName };
  }
  return [
    apiRoute({
      method: 'GET',
      path: '/templates',
      scope: 'read',
      operation: listOperation,
      handle(ctx) {
        const caller = callerOf(ctx);
        const own = byName.filter(({ name }) => mayUse(caller, name));
        ctx.body = { items: own.map((template) => describeTemplate(template, forClient(caller))) };
      },
    }),
    apiRoute({
      method: 'GET',
      path: '/templates/:template',
      scope: 'read',
      operation: getOperation,
      handle(ctx) {
        const { template: name = '' } = ctx.params;
        const caller = callerOf(ctx);
        checkTemplateAccess(caller, name);
        const template = byName.find((one) => one.name === name);
        if (template === undefined) {
          const names = byName.map((one) => one.name).join(', ');
          const expected = `template: expected one of ${names}`;
          throw new ServiceError('unknown-template', expected, { field: 'template' });
        }
        ctx.body = describeTemplate(template, forClient(caller));
      },
    }),
  ];
}
