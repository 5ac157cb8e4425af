import { koaBody } from 'koa-body';
import { ServiceError } from '../errors.ts';
import type { HttpContext } from './route.ts';

/** Reads a body of JSON that holds an object, at most so many bytes of it (after decompression). Throws what is wrong with it. */
export function jsonReader(limitBytes: number): (ctx: HttpContext) => Promise<object> {
  const parse = koaBody({
    json: true,
    jsonTypes: ['json', '+json'],
    jsonLimit: limitBytes,
    // What is no object is refused below, by name.
    jsonStrict: false,
    text: false,
    urlencoded: false,
    multipart: false,
  });
  return async function readJson(ctx) {
    checkHead(ctx, limitBytes);
    try {
      await parse(ctx, () => Promise.resolve());
    } catch (error) {
      throw translate(error, limitBytes);
    }
    return checkObject(ctx.request.body);
  };
}

function checkHead({ request }: HttpContext, limitBytes: number): void {
  // `is` answers null without a body.
  if (request.is('json', '+json') === false) {
    throw new ServiceError(
      'unsupported-media-type',
      'Content-Type: expected application/json or another +json',
      {
        field: 'Content-Type',
      },
    );
  }
  if (Number(request.get('content-length')) > limitBytes) throw tooLarge(limitBytes);
}

/** The stream, its decompression and the parser fail each in its own way; all of it is the client's doing. */
function translate(error: unknown, limitBytes: number): ServiceError {
  const { status } = error as { status?: unknown };
  if (status === 413) return tooLarge(limitBytes, error);
  if (status === 415) {
    return new ServiceError(
      'unsupported-media-type',
      'Content-Encoding: expected gzip, deflate, br, or no such header',
      { field: 'Content-Encoding', cause: error },
    );
  }
  const expected =
    error instanceof SyntaxError ? 'valid JSON' : 'one that is whole and as Content-Encoding says';
  return new ServiceError('invalid-request', `the body: expected ${expected}`, {
    field: 'body',
    cause: error,
  });
}

function tooLarge(limitBytes: number, cause?: unknown): ServiceError {
  const message = `the body: expected at most ${limitBytes} bytes (http.bodyLimitBytes)`;
  return new ServiceError('payload-too-large', message, { field: 'body', cause });
}

function checkObject(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  const message = `the body: expected a JSON object, received ${kindOf(body)}`;
  throw new ServiceError('invalid-request', message, { field: 'body' });
}

function kindOf(body: unknown): string {
  if (body === undefined || body === '') return 'nothing';
  if (body === null) return 'null';
  return Array.isArray(body) ? 'a list' : `a ${typeof body}`;
}
