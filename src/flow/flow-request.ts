/** The connector's wire formats, and `rest` for people. Grows with the dialects that are built. */
export type Dialect = 'control-plane' | 'rest';

/** What was asked, as the Job keeps it: enough to answer repeats and to call back, and no secret. */
export interface FlowRequest {
  dialect: Dialect;
  /** Name of a configured connector; `rest` flows have `people`. */
  connector: string;
  /** The connector's own ids; with dialect and connector they are the flow's identity. */
  ids: Record<string, string>;
  assetId: string;
  template: string;
  /** Absent for people, who wait or ask. */
  callbackAddress?: string;
  /** The policy's assignee. */
  consumer?: string;
  policyDigest?: string;
  /** RFC 3339. */
  acceptedAt: string;
}
