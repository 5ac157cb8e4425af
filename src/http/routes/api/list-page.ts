import { invalidRequest } from '../../../errors.ts';
import type { RecordedFlow } from '../../../flow/keys.ts';
import { isFlowName } from '../../../flow/names.ts';
import type { FlowQuery } from '../../../requests/flow-service.ts';
import type { HttpContext } from '../../route.ts';

const limits = { default: 50, max: 200 };

/** The parameters of each list that comes in pages. */
export const pageQuery = {
  limit: {
    description: 'Entries of one page.',
    schema: { type: 'integer', minimum: 1, maximum: limits.max, default: limits.default },
  },
  cursor: 'The value of `next` of the page before.',
};

/** Which part of the list is requested. */
export function readPage(query: URLSearchParams): Pick<FlowQuery, 'limit' | 'before'> {
  return { before: readCursor(query), limit: readLimit(query) };
}

/** Undefined: all. */
export function readStates(query: URLSearchParams, known: readonly string[]): string[] | undefined {
  const states = query.get('state')?.split(',');
  if (states?.every((state) => known.includes(state)) === false)
    throw invalidRequest('state', `one of ${known.join(', ')}`);
  return states;
}

/** Answers with one page, and with the address of the next one in `Link`. */
export function sendPage(
  ctx: HttpContext,
  { items, next }: { items: object[]; next: RecordedFlow | undefined },
  publicUrl: string,
): void {
  if (next === undefined) {
    ctx.body = { items };
    return;
  }
  const cursor = writeCursor(next);
  const address = new URL(`${publicUrl}${ctx.path}`);
  address.search = ctx.querystring;
  address.searchParams.set('cursor', cursor);
  ctx.set('Link', `<${address.href}>; rel="next"`);
  ctx.body = { items, next: cursor };
}

export function writeCursor({ acceptedAt, flow }: RecordedFlow): string {
  return Buffer.from(`${acceptedAt} ${flow}`).toString('base64url');
}

function readCursor(query: URLSearchParams): RecordedFlow | undefined {
  const text = query.get('cursor');
  if (text === null) return undefined;
  const [acceptedAt = '', flow] = Buffer.from(text, 'base64url').toString().split(' ');
  const isPlace = flow === '' || (flow !== undefined && isFlowName(flow));
  if (!isPlace || Number.isNaN(Date.parse(acceptedAt)))
    throw invalidRequest('cursor', 'the value of `next` of a page');
  return { acceptedAt, flow };
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit') ?? String(limits.default);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > limits.max) throw invalidRequest('limit', `a number from 1 to ${limits.max}`);
  return limit;
}
