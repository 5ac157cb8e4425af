import type { Authorization } from './schemas.ts';

/** A control plane of a connector, by settings or by a registration. */
export interface ControlPlane {
  /** Its `controlplaneId`. */
  id: string;
  /** Base of its callbacks. */
  endpoint: string;
  /** Absent: the token in the path is enough in one direction, and callbacks carry none in the other. */
  authorization?: Authorization;
}
