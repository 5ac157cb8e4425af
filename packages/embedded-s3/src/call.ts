import type { Caller, Keyring } from './authenticate.ts';
import type { Catalog } from './catalog.ts';
import type { StoreRequest } from './request.ts';
import type { Segment } from './segments.ts';

/** What all requests share. */
export interface StoreState {
  readonly catalog: Catalog;
  readonly directory: string;
  readonly keyring: Keyring;
}

/** A request whose sender is verified and may do what it asks. */
export interface Call {
  readonly request: StoreRequest;
  readonly caller: Caller;
  readonly state: StoreState;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or bytes of an object; the segments are held until they are sent. */
  readonly body?: string | ContentSlice;
}

export interface ContentSlice {
  readonly segments: readonly Segment[];
  readonly start: number;
  /** The first byte that is not sent any more. */
  readonly end: number;
}

export function xmlAnswer(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
