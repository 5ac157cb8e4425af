/** What one attempt at telling a connector something came to. */
export type Delivery =
  /** It took it. */
  | { result: 'told'; status: number }
  /** Its process is past waiting for this, or gone (`state` is then `UNKNOWN`): nothing is left to tell. */
  | { result: 'ended'; state: string; status: number }
  /** May work later; `slowly`: only once a person has mended something. */
  | { result: 'retry'; problem: string; slowly: boolean }
  /** Will never work. */
  | { result: 'refused'; problem: string; status: number };
