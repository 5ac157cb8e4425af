import type { Segment } from '../content/segments.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or bytes of an object; the segments are held until they are sent. */
  readonly body?: string | ContentSlice;
}

/** The bytes of these segments from `start` up to, but not with, `end`. */
export interface ContentSlice {
  readonly segments: readonly Segment[];
  readonly start: number;
  readonly end: number;
}

export function xmlAnswer(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
