/** The words of Data Plane Signaling v1.0-RC3 that the tests use. */

/** The side that the data plane serves, and the direction of the profile. */
export const flowKinds = ['consumer-pull', 'consumer-push', 'provider-pull', 'provider-push'] as const;
export type FlowKind = (typeof flowKinds)[number];

export const states = [
  'INITIALIZED',
  'PREPARING',
  'PREPARED',
  'STARTING',
  'STARTED',
  'SUSPENDED',
  'COMPLETED',
  'TERMINATED',
] as const;
export type State = (typeof states)[number];

/** Messages to a flow that exists. */
export const flowMessages = ['started', 'suspend', 'resume', 'terminate', 'completed'] as const;
export type FlowMessage = (typeof flowMessages)[number];
export type Creation = 'prepare' | 'start';
export type Callback = 'prepared' | 'started' | 'completed';

export const httpPull = 'https://w3id.org/dspace-sig/profile/http-pull';

/** The message that creates a flow of this kind. */
export function creationOf(kind: FlowKind): Creation {
  return kind.startsWith('consumer') ? 'prepare' : 'start';
}
