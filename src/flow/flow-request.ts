/** Dialect and connector of the flows that people start: their outcome is not delivered. */
export const rest = { dialect: 'rest', connector: 'rest' } as const;

/** The part of a request that the Job keeps, to answer repeats and to deliver the outcome. It holds no secret. */
export interface FlowRequest {
  /** The connector's wire format, or `rest`. */
  dialect: string;
  /** Name of a configured connector, or `rest`. */
  connector: string;
  /** The connector's own ids; with dialect and connector they are the flow's identity. */
  ids: Record<string, string>;
  assetId: string;
  template: string;
  /** Where to deliver the outcome, if the request says so. */
  callbackAddress?: string;
  /** The connector's own id of the side that has sent it, for dialects that identify it: no other side may use the flow. */
  requester?: string;
  /** The policy's assignee. */
  consumer?: string;
  /** The provider's id in the dataspace, which tokens of the consumer must name. */
  provider?: string;
  policyDigest?: string;
  /** Of a job of `rest`: the name of the key that has started it. */
  caller?: string;
  /** Of people, for people: labels of the Job as well. */
  labels?: Record<string, string>;
  /** The values that the request and its contract gave to parameters and that are kept: a retry gives them again. */
  parameters?: Record<string, unknown>;
  /** Names of the parameters whose values are not kept: they are secret, or too large. */
  unkept?: string[];
  /** Higher ones start first when only some may run. Absent: 0. */
  priority?: number;
  /** The priority's name in the settings, if the request has it by name. */
  priorityName?: string;
  /** Of the pods. */
  priorityClassName?: string;
  /** The flow that a job of `rest` repeats. */
  retryOf?: string;
  /** Hex digest of the body, by which a repeat of a request of `rest` is known. */
  contentDigest?: string;
  /** RFC 3339. */
  acceptedAt: string;
}
