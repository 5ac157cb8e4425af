import type { ConformanceTest } from './conformance-test.ts';
import { authorization } from './tests/authorization.ts';
import { baseCompliance } from './tests/base-compliance.ts';
import { bodies } from './tests/bodies.ts';
import { answers, repeats, unknownFlows } from './tests/existing-flows.ts';
import { httpProfile } from './tests/http-profile.ts';
import { illegalTransitions } from './tests/illegal-transitions.ts';

/** All tests: the 28 of the public kit, then those that it lacks, whose ids start with `X_`. */
export const conformanceTests: readonly ConformanceTest[] = [
  ...baseCompliance,
  ...httpProfile,
  ...unknownFlows,
  ...illegalTransitions,
  ...repeats,
  ...answers,
  ...bodies,
  ...authorization,
];
