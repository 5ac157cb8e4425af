import { isServiceError, messageOf, ServiceError } from '../errors.ts';
import { untilAborted } from '../until-aborted.ts';

/**
 * Undefined at the end. Throws `invalid-request` for a body that breaks off; `size`: its bytes so far, for the message. The iterator is not
 * closed after an error: that would close the connection before it has the answer.
 */
export async function nextChunk(
  chunks: AsyncIterator<Buffer>,
  size: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const next = chunks.next().catch((error: unknown) => {
    if (isServiceError(error)) throw error;
    const problem = `the body: expected its end, it broke off after ${size} bytes: ${messageOf(error)}`;
    throw new ServiceError('invalid-request', problem, { cause: error });
  });
  const result = await untilAborted(next, signal);
  return result.done === true ? undefined : result.value;
}
