import { isLoopback } from '../../../addresses.ts';
import type { HttpConfig } from '../../../config/config.ts';
import { ServiceError } from '../../../errors.ts';
import type { HttpContext, Operation, Route } from '../../route.ts';
import { route, serviceOperation } from '../service.ts';
import { createPageReader, describeFile, hasFiles, pages, type Page, type PageFile } from './page-files.ts';

/**
 * Nothing comes from another host or goes there (ReDoc has icons and usage statistics of its vendor), and no script stands in the page.
 * The viewers set styles from their scripts, and ReDoc searches in a worker that it makes of a text.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A connection without progress for this long is closed. */
const idleMillis = 60_000;

/** Pages that show `/openapi.json` in a browser. A page whose files are not installed is not served. */
export function pageRoutes({ host, docs }: Pick<HttpConfig, 'host' | 'docs'>): Route[] {
  if ((docs ?? (isLoopback(host) ? 'on' : 'off')) === 'off') return [];
  return Object.entries(pages).flatMap(([name, page]) => (hasFiles(page) ? routesOf(name, page) : []));
}

function routesOf(name: string, page: Page): Route[] {
  const html = describeFile(Buffer.from(htmlOf(name, page)));
  const start = describeFile(Buffer.from(page.start));
  const read = createPageReader(page);
  return [
    route(`/${name}`, operation(name, `The API in ${page.title}`, 'text/html'), (ctx) => {
      ctx.set('Content-Security-Policy', contentSecurityPolicy);
      send(ctx, html, { type: 'text/html', cache: 'no-cache' });
    }),
    {
      ...route(`/${name}/:file`, fileOperation(name, page), async (ctx) => {
        const { file = '' } = ctx.params;
        const found = file === 'start.js' ? start : await read(file);
        if (found === undefined) throw new ServiceError('not-found', 'this page has no such file');
        send(ctx, found, { type: file, cache: 'public, max-age=3600' });
      }),
      deadline: 'exempt',
    },
  ];
}

function operation(operationId: string, summary: string, contentType: string): Operation {
  const { responses, ...rest } = serviceOperation(operationId, summary, {
    description: summary,
    contentType,
  });
  return { ...rest, responses: { ...responses, '304': { description: 'The ETag matches If-None-Match.' } } };
}

function fileOperation(name: string, { title, files }: Page): Operation {
  const description = `One of start.js, ${Object.keys(files).join(', ')}.`;
  return { ...operation(`${name}File`, `A file of ${title}`, '*/*'), parameters: { file: description } };
}

function send(
  ctx: HttpContext,
  { content, etag }: PageFile,
  { type, cache }: { type: string; cache: string },
): void {
  ctx.res.setTimeout(idleMillis, () => ctx.res.destroy());
  ctx.set({
    ETag: etag,
    'Cache-Control': cache,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.body = content;
  ctx.type = type.split('.').at(-1) ?? type;
}

function htmlOf(name: string, { title, files, scripts }: Page): string {
  const styles = Object.keys(files).filter((file) => file.endsWith('.css'));
  const links = styles.map((file) => `<link rel="stylesheet" href="${name}/${file}">`).join('\n');
  const loads = scripts.map((file) => `<script src="${name}/${file}"></script>\n`).join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>edc-job-provisioner: ${title}</title>
<link rel="icon" href="data:,">
${links}
<div id="page"></div>
${loads}<script type="module" src="${name}/start.js"></script>
</html>
`;
}
