/** What the connector is told: where the bytes are. Both kinds of address are fetched alike, with a plain GET. */
export interface DataAddress {
  type: 'HttpData';
  /** The whole address, percent-encoded. */
  baseUrl: string;
  method: 'GET';
  contentType?: string;
}
