/** What a connector's answer to one delivery attempt means. */
export type DeliveryAnswer =
  /** It took it. */
  | { result: 'delivered'; status: number }
  /** Its process is past waiting for this, or gone (`state` is then `UNKNOWN`): nothing is left to deliver. */
  | { result: 'obsolete'; state: string; status: number }
  /** May work later; `slowly`: once the connector has started, or an operator has corrected something. */
  | { result: 'failed'; problem: string; slowly: boolean }
  /** Will never work. */
  | { result: 'rejected'; problem: string; status: number };
