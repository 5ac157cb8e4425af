import { isFlowName } from '../../../flow/names.ts';

/** What a browser's EventSource waits before it connects again, where no 204 tells it not to. */
const retryMillis = 3000;

const doneSuffix = '/done';

export interface StreamedLines {
  flow: string;
  lines: AsyncIterable<string>;
  /** Asked after the last line: how it ended, in one word. */
  end: () => string;
}

/**
 * Lines as server-sent events: each with the flow as its id, and a last event `done` with an id of its own. An EventSource connects
 * again when the stream ends, and tells the last id that it has seen: by it one that has seen the end is told from one that was cut off.
 */
export async function* frameEvents({ flow, lines, end }: StreamedLines): AsyncGenerator<string, void> {
  yield `retry: ${retryMillis}\n`;
  for await (const line of lines) yield `id: ${flow}\ndata: ${line}\n\n`;
  yield `event: done\nid: ${flow}${doneSuffix}\ndata: ${end()}\n\n`;
}

/** The flow that a reader who was cut off wants to go on with; undefined: it has seen the end, or never had an event of ours. */
export function readLastEvent(id: string): string | undefined {
  return isFlowName(id) ? id : undefined;
}
