import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createClientIdentity, didOf, type ClientIdentity } from './client-identity.ts';
import type { ConformanceTest, Pause, TestRun } from './conformance-test.ts';
import { conformanceTests } from './conformance-tests.ts';
import { ControlPlane } from './control-plane.ts';
import { createDataPlaneClient } from './data-plane-client.ts';
import {
  checkSettingNames,
  readCallbackAddress,
  readFlowNames,
  readRunSettings,
  type GivenSettings,
  type RunSettings,
} from './settings.ts';
import { sendMessage } from './steps/messages.ts';

export interface ConformanceOptions {
  /** Base URL of the data plane; `/dataflows/…` is appended. */
  target: string;
  /** Value of the header `Authorization` of each request; default none. */
  authorization?: string | undefined;
  /** Where the callback server listens; default 8083, and 0 takes a free port. */
  callbackPort?: number | undefined;
  /** Ids of the tests to run; default all. */
  tests?: readonly string[] | undefined;
  /** By name, as in `settingNames`, and for single tests as in the public kit: `DP_P_PULL_04_01_AGREEMENTID`. */
  settings?: GivenSettings | undefined;
  /** Tests that run at the same time; default 1. */
  concurrency?: number | undefined;
  /** Gets each result as soon as the test has ended. */
  onResult?: ((result: TestResult) => void) | undefined;
  pause?: Pause | undefined;
  signal?: AbortSignal | undefined;
}

export type TestResult = {
  readonly id: string;
  readonly title: string;
  /** The transfer of the test, which is also the data flow's id where the data plane does as EDC expects. */
  readonly processId: string;
} & ({ readonly outcome: 'passed' } | { readonly outcome: 'failed' | 'skipped'; readonly reason: string });

export interface ConformanceReport {
  /** In the order of the tests. */
  readonly results: readonly TestResult[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Session {
  settings: RunSettings;
  given: GivenSettings;
  controlPlane: ControlPlane;
  client: ClientIdentity;
  pause: Pause;
  signal: AbortSignal;
}

/** Runs the tests against a data plane that calls back to the server that is started here. */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const given = options.settings ?? {};
  checkSettingNames(given, conformanceTests);
  const tests = chooseTests(options.tests);
  const controlPlane = await ControlPlane.start(
    options.callbackPort ?? 8083,
    given['dataspacetck.host'] ?? '127.0.0.1',
  );
  try {
    const session = openSession(options, controlPlane);
    const results = await runAll(session, tests, options);
    const { passed = [], failed = [], skipped = [] } = Object.groupBy(results, ({ outcome }) => outcome);
    return { results, passed: passed.length, failed: failed.length, skipped: skipped.length };
  } finally {
    await controlPlane.close();
  }
}

function chooseTests(ids: readonly string[] | undefined): readonly ConformanceTest[] {
  if (ids === undefined) return conformanceTests;
  const unknown = ids.find((id) => !conformanceTests.some((test) => test.id === id));
  if (unknown !== undefined) throw new Error(`${unknown}: expected the id of a conformance test`);
  return conformanceTests.filter(({ id }) => ids.includes(id));
}

function openSession(options: ConformanceOptions, controlPlane: ControlPlane): Session {
  const given = options.settings ?? {};
  const callbackAddress = readCallbackAddress(given, controlPlane.port);
  const client = createClientIdentity(callbackAddress);
  controlPlane.didDocument = client.document;
  return {
    settings: readRunSettings(given, {
      target: options.target,
      authorization: options.authorization,
      callbackAddress,
      clientDid: didOf(callbackAddress),
    }),
    given,
    controlPlane,
    client,
    pause: options.pause ?? pauseFor,
    signal: options.signal ?? new AbortController().signal,
  };
}

async function pauseFor(millis: number, signal: AbortSignal): Promise<void> {
  await delay(millis, undefined, { signal });
}

async function runAll(
  session: Session,
  tests: readonly ConformanceTest[],
  { concurrency = 1, onResult }: ConformanceOptions,
): Promise<TestResult[]> {
  const results = new Map<ConformanceTest, TestResult>();
  const left = tests.values();
  async function runNext(): Promise<void> {
    for (const test of left) {
      const result = await runTest(session, test);
      results.set(test, result);
      onResult?.(result);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, runNext));
  return tests.flatMap((test) => results.get(test) ?? []);
}

async function runTest(session: Session, test: ConformanceTest): Promise<TestResult> {
  const { settings, signal } = session;
  signal.throwIfAborted();
  const run = openRun(session, test);
  const { processId } = run;
  const about = { id: test.id, title: test.title, processId };
  const lacking = test.lacks?.(settings);
  if (lacking !== undefined) return { ...about, outcome: 'skipped', reason: lacking };
  try {
    for (const step of test.steps) await step(run);
    return { ...about, outcome: 'passed' };
  } catch (error) {
    signal.throwIfAborted();
    return { ...about, outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    session.controlPlane.forget(processId);
    await endFlow(run);
  }
}

/** Leaves no flow that works on. A flow that has ended, and one that does not exist, answer this as they like. */
async function endFlow(run: TestRun): Promise<void> {
  if (run.flowId !== '') await sendMessage(run, 'terminate').catch(() => undefined);
}

function openRun({ given, ...session }: Session, test: ConformanceTest): TestRun {
  const { settings, signal } = session;
  const { target, authorization, waitMillis: timeoutMillis } = settings;
  return {
    ...session,
    ...readFlowNames(test, given, randomUUID),
    kind: test.kind,
    processId: randomUUID(),
    plane: createDataPlaneClient({ target, authorization, timeoutMillis, signal }),
    flowId: '',
  };
}
