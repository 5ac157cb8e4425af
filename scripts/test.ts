// `npm test [-- files or options of node --test]`: unit tests first, since they say most precisely what broke, then scenarios.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const given = process.argv.slice(2);
const options = given.filter((argument) => argument.startsWith('-'));
const named = given.filter((argument) => !argument.startsWith('-'));
const suites =
  named.length > 0
    ? [
        {
          files: named.flatMap((name) => (name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`))),
          concurrency: 2,
        },
      ]
    : [
        { files: globSync('test/unit/**/*.test.ts').sort(), concurrency: availableParallelism() },
        // Each scenario has a cluster, a store and a service of its own.
        {
          files: globSync('test/integration/**/*.test.ts').sort(),
          concurrency: Math.max(1, Math.min(3, availableParallelism())),
        },
      ];

for (const { files, concurrency } of suites) {
  const code = await run([
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-timeout=1200000',
    ...options,
    ...files,
  ]);
  if (code !== 0) {
    process.exitCode = code;
    break;
  }
}

/** Exit code of one run; a signal counts as a failure. */
function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
