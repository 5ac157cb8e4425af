/** Where the bytes are, as the connector gets it. A union of kinds: each dialect can carry some of them. */
export type DataAddress = HttpDataAddress;

/** Through the service or straight from the store, it is fetched with a plain GET. */
export interface HttpDataAddress {
  type: 'HttpData';
  /** The whole address, percent-encoded. */
  baseUrl: string;
  method: 'GET';
  contentType?: string;
}
