import { messageOf } from '../../../errors.ts';
import type { Outcome } from '../../../flow/outcome.ts';
import type { FlowView } from '../../../requests/flow-service.ts';

export interface Progress {
  flow: string;
  views: AsyncIterable<FlowView>;
  now: () => Date;
  /** The address of the result of a flow that has succeeded. */
  addressOf: (view: FlowView) => Promise<string>;
}

/** After this silence a line is repeated, so that the client and proxies see that the connection is alive. */
const quietMillis = 15_000;

/** One line for each step of a flow, for a terminal. The last line is the address of the result, or says why there is none. */
export async function* progressLines({
  flow,
  views,
  now,
  addressOf,
}: Progress): AsyncGenerator<string, void> {
  let lastStatus = '';
  let lastAt = 0;
  function line(text: string): string {
    lastAt = now().getTime();
    return `${now().toISOString().slice(11, 19)} ${printable(text)}`;
  }
  yield line(`accepted as ${flow}`);
  try {
    for await (const view of views) {
      if (view.outcome !== undefined) {
        for (const text of logLines(view.outcome)) yield line(`worker: ${text}`);
        yield line(describeOutcome(view.outcome));
        if (view.outcome.phase === 'succeeded') yield await addressOf(view);
        return;
      }
      const status = view.detail === undefined ? view.phase : `${view.phase}: ${view.detail}`;
      if (status !== lastStatus) yield line(status);
      else if (now().getTime() - lastAt >= quietMillis) yield line(`still ${status}`);
      lastStatus = status;
    }
  } catch (error) {
    yield line(`given up: ${messageOf(error)}`);
  }
}

/** The last lines of the log of a failed flow's worker. */
export function logLines(outcome: Outcome): string[] {
  return outcome.phase === 'failed' ? (outcome.detail?.split('\n') ?? []) : [];
}

export function describeOutcome(outcome: Outcome): string {
  if (outcome.phase !== 'succeeded') return `${outcome.phase} (${outcome.reason}): ${outcome.message}`;
  const { files, bytes } = outcome.results;
  return `succeeded: ${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes`;
}

/** Control characters of a worker's log must not reach the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
