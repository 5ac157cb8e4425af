import { controlPlane } from './control-plane/index.ts';
import { dataPlane } from './data-plane/index.ts';
import type { Dialect } from './dialect.ts';
import { signaling } from './signaling/index.ts';

/** Each is registered here and nowhere else; its part of the settings is in `settings.ts`. */
export const builtInDialects: readonly Dialect[] = [controlPlane, dataPlane, signaling];
