import { messageOf } from '../../../errors.ts';
import type { Outcome } from '../../../flow/outcome.ts';
import type { FlowView } from '../../../requests/flow-service.ts';

export interface Progress {
  flow: string;
  views: AsyncIterable<FlowView>;
  now: () => Date;
  /** Of the bytes, once they are there. */
  addressOf: (view: FlowView) => Promise<string>;
}

/** So that a reader, and a proxy in between, sees that the connection lives. */
const quietMillis = 15_000;

/** What happens to a flow, a line each, for a terminal. The last line is the address alone, or says why there is none. */
export async function* progressLines({
  flow,
  views,
  now,
  addressOf,
}: Progress): AsyncGenerator<string, void> {
  let told = '';
  let toldAt = 0;
  function line(text: string): string {
    toldAt = now().getTime();
    return `${now().toISOString().slice(11, 19)} ${printable(text)}`;
  }
  yield line(`accepted as ${flow}`);
  try {
    for await (const view of views) {
      if (view.outcome !== undefined) {
        for (const said of logLines(view.outcome)) yield line(`worker: ${said}`);
        yield line(describeOutcome(view.outcome));
        if (view.outcome.phase === 'succeeded') yield await addressOf(view);
        return;
      }
      const news = view.detail === undefined ? view.phase : `${view.phase}: ${view.detail}`;
      if (news !== told || now().getTime() - toldAt >= quietMillis)
        yield line(news === told ? `still ${news}` : news);
      told = news;
    }
  } catch (error) {
    yield line(`given up: ${messageOf(error)}`);
  }
}

/** What the worker of a failed flow said last. */
export function logLines(outcome: Outcome): string[] {
  return outcome.phase === 'failed' ? (outcome.detail?.split('\n') ?? []) : [];
}

export function describeOutcome(outcome: Outcome): string {
  if (outcome.phase !== 'succeeded') return `${outcome.phase} (${outcome.reason}): ${outcome.message}`;
  const { files, bytes } = outcome.results;
  return `succeeded: ${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes`;
}

/** A worker's words must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
