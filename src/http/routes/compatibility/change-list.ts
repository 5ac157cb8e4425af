import type { HttpContext } from '../../route.ts';
import type { AnswerChange } from './compatibility-entry.ts';

const same: AnswerChange = { change: (body) => body, schema: (schema) => schema };

/** A list without the object around it. `Link` has the address of the next page. */
export function listOf({ change, schema }: AnswerChange = same, member = 'items'): AnswerChange {
  return {
    change(body, ctx) {
      const { [member]: items, next } = body as { [member: string]: unknown; next?: string };
      if (next !== undefined) linkNext(ctx, next);
      return (items as unknown[]).map((item) => change(item, ctx));
    },
    schema(list) {
      const { properties } = list as { properties: Record<string, { items: object }> };
      return { type: 'array', items: schema(properties[member]?.items ?? {}) };
    },
  };
}

function linkNext(ctx: HttpContext, cursor: string): void {
  const query = new URLSearchParams(ctx.querystring);
  query.set('cursor', cursor);
  ctx.append('Link', `<${ctx.path}?${query.toString()}>; rel="next"`);
}
