import { localCallerName } from '../../../../config/settings/api.ts';
import type { Settings } from '../../../../config/settings/settings.ts';
import { ServiceError } from '../../../../errors.ts';
import type { Template } from '../../../../template/template.ts';
import type { TemplateCatalog } from '../../../../template-store/template-catalog.ts';
import { callerOf, checkTemplateAccess, mayUse } from '../../../access/caller.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { isUnchanged } from '../check-conditions.ts';
import { describeTemplate } from './describe-template.ts';
import { templateOperations as operations, newTemplateBody } from './template-operations.ts';
import { answerDelete, etagOf, putTemplate } from './write-template.ts';
import type { TemplateDescription } from './template-schema.ts';

export interface TemplateRouteDeps {
  catalog: TemplateCatalog;
  templateSettings: Pick<Settings['templates'], 'writable' | 'maxBytes'>;
  publicUrl: string;
}

export function templateRoutes(deps: TemplateRouteDeps): Route[] {
  const { catalog } = deps;
  const one = { path: '/templates/:template' };
  function describe(ctx: HttpContext, template: Template): TemplateDescription {
    const keyed = callerOf(ctx).name !== localCallerName;
    const stored = catalog.storedAs(template.name);
    return describeTemplate(template, { publicUrl: deps.publicUrl, keyed, stored });
  }
  return [
    apiRoute({
      ...{ method: 'GET', path: '/templates', scope: 'read', operation: operations.list },
      handle(ctx) {
        const own = catalog.templates.filter(({ name }) => mayUse(callerOf(ctx), name));
        const sorted = own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        ctx.body = { items: sorted.map((template) => describe(ctx, template)) };
      },
    }),
    apiRoute({
      ...{ ...one, method: 'GET', scope: 'read', operation: operations.get },
      handle(ctx) {
        const template = findTemplate(ctx, catalog);
        const etag = etagOf(template);
        ctx.set('ETag', etag);
        if (isUnchanged(ctx, etag)) ctx.status = 304;
        else ctx.body = describe(ctx, template);
      },
    }),
    apiRoute({
      ...{ ...one, method: 'PUT', scope: 'admin', operation: operations.put, body: newTemplateBody },
      async handle(ctx) {
        const { template, created, warnings } = await putTemplate(ctx, deps);
        ctx.set('ETag', etagOf(template));
        ctx.status = created ? 201 : 200;
        ctx.body = { ...describe(ctx, template), ...(warnings.length === 0 ? {} : { warnings }) };
      },
    }),
    apiRoute({
      ...{ ...one, method: 'DELETE', scope: 'admin', operation: operations.delete },
      handle: (ctx) => answerDelete(ctx, deps),
    }),
  ];
}

function findTemplate(ctx: HttpContext, catalog: TemplateCatalog): Template {
  const { template: name = '' } = ctx.params;
  checkTemplateAccess(callerOf(ctx), name);
  const template = catalog.templates.find((one) => one.name === name);
  if (template !== undefined) return template;
  const problem = catalog.problemOf(name);
  if (problem !== undefined)
    throw new ServiceError('conflict', `the template ${name} is stored, but cannot be used: ${problem}`, {
      field: 'template',
    });
  const names = catalog.templates.map((one) => one.name).sort();
  throw new ServiceError('unknown-template', `template: expected one of ${names.join(', ')}`, {
    field: 'template',
  });
}
