import type { Readable } from 'node:stream';

export interface ContainerKey {
  namespace: string;
  pod: string;
  /** Distinguishes two pods of one name. */
  uid: string;
  container: string;
}

export interface PodLogOptions {
  /** Go on until the container has ended or the signal aborts. */
  follow: boolean;
  /** The log of the container's run before its last restart. */
  previous: boolean;
  tailLines?: number;
  limitBytes?: number;
  /** RFC 3339, UTC, whole seconds. */
  since?: string;
  timestamps: boolean;
}

/** Where the API server gets container logs from; the node has them. */
export interface PodLogs {
  /**
   * The log as text, stdout and stderr in the order in which their lines ended. Rejects with a `StatusError` if there is none
   * (404) or the container has not started yet (400). Ending the stream or aborting the signal frees what it holds.
   */
  read(container: ContainerKey, options: PodLogOptions, signal: AbortSignal): Promise<Readable>;
}
