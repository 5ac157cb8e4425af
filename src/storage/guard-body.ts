import { PassThrough, type Readable } from 'node:stream';
import type { Call } from './bounded-transport.ts';
import { translateError } from './translate-error.ts';

/** The body as it comes, its errors translated; whoever destroys it ends the request, too. */
export function guardBody(body: Readable, call: Call): Readable {
  const guarded = new PassThrough();
  body.on('error', (error) => {
    guarded.destroy(translateError(error, call));
  });
  guarded.on('close', () => {
    body.destroy();
  });
  // Aborted before anybody reads: the error must find a listener then, and still reach a reader who comes later.
  guarded.on('error', () => undefined);
  return body.pipe(guarded);
}
