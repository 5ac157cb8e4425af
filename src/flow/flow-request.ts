/** Dialect and connector of flows that people start: nothing is delivered of them. */
export const rest = { dialect: 'rest', connector: 'rest' } as const;

/** A request as the Job keeps it: enough to answer repeats and to deliver the outcome, and no secret. */
export interface FlowRequest {
  /** The connector's wire format, or `rest`. */
  dialect: string;
  /** Name of a configured connector, or `rest`. */
  connector: string;
  /** The connector's own ids; with dialect and connector they are the flow's identity. */
  ids: Record<string, string>;
  assetId: string;
  template: string;
  /** Where the connector wants the outcome, if it says so. */
  callbackAddress?: string;
  /** The policy's assignee. */
  consumer?: string;
  policyDigest?: string;
  /** RFC 3339. */
  acceptedAt: string;
}
