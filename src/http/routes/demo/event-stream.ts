import { isFlowName } from '../../../flow/names.ts';

/** Pause before a browser's EventSource connects again. */
const retryMillis = 3000;

const doneSuffix = '/done';

export interface StreamedLines {
  flow: string;
  lines: AsyncIterable<string>;
  /** Called after the last line: how the flow ended, in one word. */
  end: () => string;
}

/**
 * Lines as server-sent events. The id of each is the flow; the last event `done` has another id. An EventSource connects again when the
 * stream ends and sends the last id that it has seen, which says whether it has seen the end or lost its connection.
 */
export async function* frameEvents({ flow, lines, end }: StreamedLines): AsyncGenerator<string, void> {
  yield `retry: ${retryMillis}\n`;
  for await (const line of lines) yield `id: ${flow}\ndata: ${line}\n\n`;
  yield `event: done\nid: ${flow}${doneSuffix}\ndata: ${end()}\n\n`;
}

/** The flow that the EventSource was following; undefined if it has seen the end, or no event of ours. */
export function readLastEvent(id: string): string | undefined {
  return isFlowName(id) ? id : undefined;
}
