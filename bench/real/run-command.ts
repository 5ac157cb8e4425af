import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program to its end and answers its standard output; anything but exit code 0 is an error with its last words. */
export async function runCommand(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  const words: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.push(text));
  await once(child, 'close');
  if (child.exitCode === 0) return output.join('');
  throw new Error(
    `${program} ${args.join(' ')} ended with ${String(child.exitCode)}: ${words.join('').slice(-2000)}`,
  );
}
