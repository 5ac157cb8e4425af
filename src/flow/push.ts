/** Where a connector takes the results, if they are sent to it, or gives the data of a flow that receives. It may hold a secret: it is kept in a Secret of the flow, never on the Job. */
export interface Sink {
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** An upload that the sink keeps for a while. Who has its address may be able to write there. */
export interface UploadResource {
  url: string;
  /** Of the bytes that are uploaded. */
  etag: string;
}

/** The sending of the results to their sink. Only the reconciler writes it, before each attempt and after the last one. */
export interface FlowPush {
  /** Started attempts, those that a suspension or the end of a process broke off included. */
  attempts: number;
  /** When the last one started. RFC 3339. */
  startedAt: string;
  /** Absent: not over. */
  end?: PushEnd;
}

export type PushEnd =
  | { result: 'sent'; at: string; bytes: number }
  /** For people; it holds no secret. */
  | { result: 'failed'; at: string; problem: string };
