import type { ExpectedCallback, ControlPlane } from './control-plane.ts';
import type { ClientIdentity } from './client-identity.ts';
import type { DataPlaneClient, PlaneAnswer } from './data-plane-client.ts';
import type { FlowKind } from './protocol.ts';
import type { RunSettings } from './settings.ts';

/**
 * What the data plane has to do with the flow of a test: answer at once (`sync`), answer 202 and call back within the wait (`async`),
 * send `completed` by itself some time after STARTED (`complete`), or answer 202 and stay there until it is terminated (`slow`).
 */
export const fixtures = ['sync', 'async', 'complete', 'slow'] as const;
export type Fixture = (typeof fixtures)[number];

/** One exchange with the data plane, or a wait; throws when the data plane does something else than expected. */
export type Step = (run: TestRun) => Promise<void> | void;

export interface ConformanceTest {
  readonly id: string;
  /** Those of the public kit; tests that it lacks have `own`. */
  readonly tags: readonly string[];
  readonly title: string;
  readonly kind: FlowKind;
  readonly fixture: Fixture;
  /** Default: `http-pull` or `http-push`. */
  readonly profile?: string;
  /** Says what the run lacks for this test, which is skipped then. */
  readonly lacks?: (settings: RunSettings) => string | undefined;
  readonly steps: readonly Step[];
}

/** A test while it runs. Steps leave here what later ones need. */
export interface TestRun {
  readonly kind: FlowKind;
  readonly processId: string;
  readonly agreementId: string;
  readonly datasetId: string;
  readonly profile: string;
  readonly settings: RunSettings;
  readonly plane: DataPlaneClient;
  readonly controlPlane: ControlPlane;
  readonly client: ClientIdentity;
  readonly pause: Pause;
  readonly signal: AbortSignal;
  /** The data plane's id of the flow. */
  flowId: string;
  /** The `prepare` or `start` that was sent, and its answer. */
  creation?: { message: Record<string, unknown>; answer: PlaneAnswer };
  callback?: ExpectedCallback;
}

/** Waits that long; ends early, by throwing, if the signal aborts. */
export type Pause = (millis: number, signal: AbortSignal) => Promise<void>;
