// `npm run conformance [-- --target URL …]`: the conformance tests of Data Plane Signaling against a data plane.
import { parseArgs } from 'node:util';
import { conformanceTests, runConformance, settingNames, type TestResult } from 'signaling-conformance';
import { conformanceSettings } from '../test/support/conformance-fixtures.ts';
import { startConformanceTarget } from './testing/conformance-target.ts';
import { abortOnSignals } from './testing/process-group.ts';

const defaultPort = '8083';

const help = `Usage: npm run conformance [-- options]

Drives a data plane over HTTP as a control plane does, and prints a line for each test, and totals. Ends with 1 if a test has failed.

  --target URL            base of the data plane; /dataflows/… is appended (default: this service, on an embedded cluster)
  --authorization HEADER  value of the header Authorization of each request (default: none)
  --callback-port N       where callbacks are received (default ${defaultPort})
  --test ID               runs this test; may be repeated (default: all ${conformanceTests.length})
  --set NAME=VALUE        may be repeated; for one test, or for a fixture (SYNC, ASYNC, COMPLETE, SLOW), for example
                          DP_P_PULL_04_01_AGREEMENTID=…, ASYNC_DATASETID=…, SYNC_PROFILE=…; or one of

${Object.entries(settingNames)
  .map(([name, text]) => `      ${name}\n          ${text}`)
  .join('\n')}

packages/signaling-conformance/README.md says what the data plane has to do for each fixture.
`;

interface Target {
  target: string;
  authorization?: string | undefined;
  settings: Record<string, string>;
  stop: () => Promise<void>;
}

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: 'string' },
        authorization: { type: 'string' },
        'callback-port': { type: 'string', default: defaultPort },
        test: { type: 'string', multiple: true },
        set: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    const { target, authorization, settings, stop } =
      values.target === undefined
        ? await startTarget(readPort(values['callback-port']))
        : { ...values, target: values.target, settings: {}, stop: keepRunning };
    try {
      const report = await runConformance({
        target,
        authorization,
        callbackPort: readPort(values['callback-port']),
        tests: values.test,
        settings: { ...settings, ...readSettings(values.set) },
        onResult: (result) => {
          console.log(lineOf(result));
        },
        signal: abortOnSignals(),
      });
      console.log(`\n${report.passed} successful, ${report.failed} failed, ${report.skipped} skipped`);
      return report.failed === 0 ? 0 : 1;
    } finally {
      await stop();
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

/** Starts this service on the embedded cluster, with the fixtures that the tests need. */
async function startTarget(callbackPort: number): Promise<Target> {
  return { ...(await startConformanceTarget(callbackPort)), settings: conformanceSettings };
}

async function keepRunning(): Promise<void> {
  // The target was there before.
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error(`--callback-port: expected a port, received ${text}`);
  return Number(text);
}

function readSettings(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 1) throw new Error(`--set: expected NAME=VALUE, received ${entry}`);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Starts as the public kit's lines do. */
function lineOf(result: TestResult): string {
  switch (result.outcome) {
    case 'passed':
      return `SUCCESSFUL: ${result.id}`;
    case 'failed':
      return `FAILED: ${result.id}: ${result.reason}`;
    case 'skipped':
      return `SKIPPED: ${result.id}: ${result.reason}`;
    default:
      return result satisfies never;
  }
}
