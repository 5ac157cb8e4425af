import type { Readable } from 'node:stream';

export interface ContainerKey {
  namespace: string;
  pod: string;
  /** Two pods of one name are told apart by it. */
  uid: string;
  container: string;
}

export interface PodLogOptions {
  /** Go on until the container has ended or the signal aborts. */
  follow: boolean;
  /** The log of the container's run before its last restart. */
  previous: boolean;
  /** Each line begins with its RFC 3339 time and a space. */
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceTime?: Date;
}

/** Where the API server gets container logs from; the runner has them. */
export interface PodLogs {
  /**
   * The log as text, stdout and stderr in the order they were written. Rejects with a `StatusError` if there is none
   * (404) or the container has not started yet (400). Ending the stream or aborting the signal frees what it holds.
   */
  read(container: ContainerKey, options: PodLogOptions, signal: AbortSignal): Promise<Readable>;
}
