// `npm run test:real`: the integration suite on real servers, which it installs, starts and stops.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  combinationNames,
  combinations,
  smokeCombination,
  type Combination,
  type CombinationName,
  type Extent,
} from './testing/combinations.ts';
import { abortOnSignals } from './testing/process-group.ts';
import { countsOf, describeOutcomes, hasTooManyUnsteady, type Outcome } from './testing/print-summary.ts';
import { RealServers } from './testing/real-servers.ts';
import { lacksFor } from './testing/requirements.ts';
import { runCombination } from './testing/run-combination.ts';

const listing = join('test-results', 'listing-real.txt');

const help = `Usage: npm run test:real -- [options] [files or folders of tests]

  --only NAME      only this combination (may be repeated): ${combinationNames.join(', ')}
  --without NAME   all except this one (may be repeated)
  --quick          without the scenarios that take many minutes each with real pods
  --smoke          only the scenarios that show in minutes that it works: main path, failures, cancel, credentials, deployment,
                   Pod Security, on Kubernetes with one node and MinIO
  --keep           leave the servers running, and say how to use and stop them
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const extent: Extent = values.smoke ? 'smoke' : values.quick ? 'quick' : 'whole';
// No scenario of the smoke set needs a second node.
if (values.smoke) process.env['NODES'] ??= '1';

if (values.help) process.stdout.write(help);
else process.exitCode = await main(choose(values.only, values.without));

function choose(only: readonly string[], without: readonly string[]): readonly Combination[] {
  for (const name of [...only, ...without])
    if (!combinationNames.includes(name as CombinationName))
      throw new Error(`${name}: expected one of ${combinationNames.join(', ')}`);
  return combinations.filter(
    ({ name }) =>
      (!values.smoke || name === smokeCombination) &&
      (only.length === 0 || only.includes(name)) &&
      !without.includes(name),
  );
}

async function main(chosen: readonly Combination[]): Promise<number> {
  const interruption = abortOnSignals();
  rmSync(listing, { force: true });
  mkdirSync(dirname(listing), { recursive: true });
  const directory = mkdtempSync(join(tmpdir(), 'edc-jp-real-'));
  // The tests' temporary folders are in it, and some belong to other users.
  chmodSync(directory, 0o711);
  const servers = new RealServers(directory);
  const outcomes: Outcome[] = [];
  let stopError: string | undefined;
  try {
    if (extent !== 'smoke') await servers.installTools(interruption);
    for (const combination of chosen) outcomes.push(await attempt(combination, servers, interruption));
  } finally {
    stopError = await stopServers(servers);
  }
  if (stopError !== undefined) console.error(stopError);
  console.log(`\nthe output of the tests is in ${listing}`);
  console.log(describeOutcomes(outcomes));
  const failed = outcomes.some((outcome) => countsOf(outcome).failed > 0) || hasTooManyUnsteady(outcomes);
  return failed || stopError !== undefined || interruption.aborted ? 1 : 0;
}

async function attempt(
  combination: Combination,
  servers: RealServers,
  signal: AbortSignal,
): Promise<Outcome> {
  const start = performance.now();
  function outcome(rest: Partial<Outcome>): Outcome {
    const seconds = (performance.now() - start) / 1000;
    return { combination, results: new Map(), seconds, ...rest };
  }
  const lacks = lacksFor(combination);
  if (lacks.length > 0) {
    const broken = process.env['CI'] === 'true' && lacks.some((lack) => lack.expectedInCi);
    return outcome({ notRun: `this machine lacks ${lacks.map(({ text }) => text).join('; ')}`, broken });
  }
  try {
    say(`${combination.name}: servers`);
    const env = await servers.provide(combination, signal);
    say(`${combination.name}: tests (servers after ${Math.round((performance.now() - start) / 1000)} s)`);
    const run = {
      combination,
      named: positionals,
      extent,
      servers: env,
      folder: servers.directory,
      listing,
    };
    return outcome({ results: await runCombination(run, signal) });
  } catch (error) {
    return outcome({ notRun: messageOf(error), broken: true });
  }
}

/** Stops the servers; returns the error if that fails. */
async function stopServers(servers: RealServers): Promise<string | undefined> {
  if (values.keep) {
    say(`the servers are kept: \`. ${servers.directory}/env\`, \`test/servers/stop ${servers.directory}\``);
    return undefined;
  }
  try {
    await servers.stop();
    rmSync(servers.directory, { recursive: true, force: true });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(text: string): void {
  console.log(`\n== ${text}`);
}
