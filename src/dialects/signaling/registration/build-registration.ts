import type { Authorization } from '../authorization/schemas.ts';

export interface DataPlane {
  dataplaneId: string;
  /** Base of its routes. EDC appends `/start`, so that it gets one that ends in `/dataflows`. */
  endpoint: string;
  profiles: readonly string[];
  labels: readonly string[];
  /** How the control plane gets tokens for its calls, and by which keys it verifies the tokens of callbacks. */
  authorization?: Authorization;
}

/** DataPlaneRegistrationMessage. EDC up to 0.18 reads the profiles by their former name. */
export function buildRegistration({
  dataplaneId,
  endpoint,
  profiles,
  labels,
  authorization,
}: DataPlane): object {
  return {
    dataplaneId,
    endpoint,
    profiles,
    transferTypes: profiles,
    labels,
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** The message of EDC 0.16, which knows neither the name `profiles` nor authorizations. */
export function buildFormerRegistration({ dataplaneId, endpoint, profiles, labels }: DataPlane): object {
  return { dataplaneId, endpoint, transferTypes: profiles, labels };
}
