export { conformanceTests } from './conformance-tests.ts';
export type { ConformanceTest, Fixture } from './conformance-test.ts';
export { runConformance } from './run-conformance.ts';
export type { ConformanceOptions, ConformanceReport, TestResult } from './run-conformance.ts';
export { settingNames } from './settings.ts';
