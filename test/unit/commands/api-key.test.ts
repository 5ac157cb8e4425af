import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { startCommand } from '../../support/command-process.ts';

async function makeKey(t: TestContext, ...args: string[]): Promise<{ key: string; entry: unknown }> {
  const command = await startCommand(t, ['api-key', ...args]);
  assert.equal(await command.ended(), 0, command.stderr);
  const [key = '', , ...lines] = command.stdout.split('\n');
  return { key, entry: parse(lines.join('\n')) };
}

test('api-key prints a key and the entry of the settings that knows it', async (t) => {
  const { key, entry } = await makeKey(t, 'ann');
  assert.match(key, /^[\w-]{43}$/);
  const sha256 = hash('sha256', key);
  assert.deepEqual(entry, { api: { keys: [{ name: 'ann', sha256, scopes: ['run', 'read', 'results'] }] } });
  assert.notEqual((await makeKey(t, 'ann')).key, key);
});

test('api-key prints the scopes that it is given', async (t) => {
  const { entry } = await makeKey(t, 'root', '--scope', 'admin', '--scope', 'read', '--scope', 'admin');
  assert.partialDeepStrictEqual(entry, { api: { keys: [{ name: 'root', scopes: ['admin', 'read'] }] } });
});
