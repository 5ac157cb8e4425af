import type { Settings } from '../../../../config/settings/settings.ts';
import { ServiceError } from '../../../../errors.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import type { TemplateCatalog, WrittenTemplate } from '../../../../template-store/template-catalog.ts';
import { callerOf, checkTemplateAccess } from '../../../access/caller.ts';
import { jsonReader } from '../../../read-json.ts';
import type { HttpContext } from '../../../route.ts';
import { checkConditions } from '../check-conditions.ts';
import { NewTemplateSchema } from './template-schema.ts';

export interface TemplateWriting {
  catalog: TemplateCatalog;
  templateSettings: Pick<Settings['templates'], 'writable' | 'maxBytes'>;
}

const readNewTemplate = bodyReader(NewTemplateSchema);

export async function putTemplate(
  ctx: HttpContext,
  { catalog, templateSettings }: TemplateWriting,
): Promise<WrittenTemplate> {
  checkWritable(ctx, templateSettings);
  const name = nameIn(ctx);
  const readJson = jsonReader(templateSettings.maxBytes, 'templates.maxBytes');
  const { files } = readNewTemplate(await readJson(ctx));
  const by = callerOf(ctx).name;
  const written = await catalog.put({ name, files, by, check: checkOf(ctx) }, ctx.state.signal);
  ctx.state.logged = { template: name, digest: written.template.digest };
  return written;
}

export async function answerDelete(
  ctx: HttpContext,
  { catalog, templateSettings }: TemplateWriting,
): Promise<void> {
  checkWritable(ctx, templateSettings);
  const name = nameIn(ctx);
  const by = callerOf(ctx).name;
  const removed = await catalog.remove({ name, by, check: checkOf(ctx) }, ctx.state.signal);
  if (!removed) throw new ServiceError('not-found', 'there is no such template', { field: 'template' });
  ctx.status = 204;
  ctx.state.logged = { template: name };
}

/** The digest is the version: it changes with each file. */
export function etagOf({ digest }: { digest: string }): string {
  return `"${digest}"`;
}

function checkOf(ctx: HttpContext): (digest: string | undefined) => void {
  return (digest) => {
    checkConditions(ctx, {
      etag: digest === undefined ? undefined : etagOf({ digest }),
      isThere: digest === undefined ? 'no such template' : `one with the digest ${digest}`,
    });
  };
}

function checkWritable(ctx: HttpContext, { writable }: TemplateWriting['templateSettings']): void {
  if (writable) return;
  ctx.set('Allow', 'GET, HEAD');
  const message = 'templates are not writable: expected templates.writable to be true';
  throw new ServiceError('method-not-allowed', message);
}

/** Throws `forbidden` if the caller may not use it. */
function nameIn(ctx: HttpContext): string {
  const { template: name = '' } = ctx.params;
  checkTemplateAccess(callerOf(ctx), name);
  return name;
}
