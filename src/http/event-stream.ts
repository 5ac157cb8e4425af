/** Pause before a browser's EventSource connects again. */
const retryMillis = 3000;

export interface StreamedEvent {
  /** Default: `message`. */
  event?: string;
  id: string;
  /** One line. */
  data: string;
}

/** Server-sent events; undefined is a comment that keeps the connection alive. */
export async function* frameEvents(
  events: AsyncIterable<StreamedEvent | undefined>,
): AsyncGenerator<string, void> {
  yield `retry: ${retryMillis}\n`;
  for await (const one of events) yield one === undefined ? ': alive\n\n' : frame(one);
}

function frame({ event, id, data }: StreamedEvent): string {
  return `${event === undefined ? '' : `event: ${event}\n`}id: ${id}\ndata: ${data}\n\n`;
}

/**
 * The last event of a flow. An EventSource connects again when a stream ends, and sends the last id that it has seen, which says whether
 * it has seen the end or lost its connection.
 */
export function doneEvent(flow: string, data: string): StreamedEvent {
  return { event: 'done', id: doneId(flow), data };
}

/** What a client's `Last-Event-ID` is after the end of the flow. The answer is 204: the client does not connect again. */
export function doneId(flow: string): string {
  return `${flow}/done`;
}

export const eventStreamType = 'text/event-stream';
