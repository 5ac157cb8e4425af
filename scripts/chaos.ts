// `npm run chaos [-- options]`: flows with mixed outcomes under kills, pauses and network faults, on the embedded servers.
import { parseArgs } from 'node:util';
import { withCompileCache } from './compile-cache.ts';
import { runInGroup, abortOnSignals } from './testing/process-group.ts';

const help = `Usage: npm run chaos -- [options]

  --seed N           the same seed gives the same outcomes and disturbances (default: a random one, which is printed)
  --flows N          default 200
  --disturbances N   one after the other, a few seconds each (default 70)
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    flows: { type: 'string', default: '200' },
    disturbances: { type: 'string', default: '70' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(help);
else process.exitCode = await main();

async function main(): Promise<number> {
  for (const name of ['seed', 'flows', 'disturbances'] as const)
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name}: expected a number, not ${values[name]}`);
  console.log(`seed ${values.seed}: again with \`npm run chaos -- --seed ${values.seed}\``);
  const interruption = abortOnSignals();
  const env = {
    ...withCompileCache(process.env),
    TEST_SEED: values.seed,
    TEST_CHAOS_FLOWS: values.flows,
    TEST_CHAOS_DISTURBANCES: values.disturbances,
  };
  const options = ['--test', '--test-reporter=spec', 'test/integration/chaos.test.ts'];
  return await runInGroup([process.execPath, ...options], { env }, interruption);
}
