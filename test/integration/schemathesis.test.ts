import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiScopes } from '../../src/config/settings/api.ts';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const key = 'key-of-the-tester-with-more-than-thirty-two-characters';
const keys = [{ name: 'tester', sha256: hash('sha256', key), scopes: apiScopes }];
const configuration = join(projectFolder, 'test', 'fixtures', 'schemathesis.toml');

test('schemathesis finds no answer that the document does not allow', needing('schemathesis'), async (t) => {
  // A socket that is closed on a busy machine is no answer, and a client on this machine would need no key.
  const http = { answerDeadlineMillis: 20_000, unauthenticated: 'off' };
  const world = await startWorld(t, { settings: { api: { keys }, http } });
  const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': '192.0.2.7' };
  await waitUntil('the replica has read the flows', async () => {
    const answer = await fetch(`${world.service.url}/api/v1/jobs`, { headers });
    await answer.body?.cancel();
    return answer.ok;
  });
  const [connector = '', token = ''] = new URL(world.provisionUrl()).pathname.split('/').slice(2);
  const args = ['--config-file', configuration, 'run', `${world.service.url}/openapi.json`, '--no-color'];
  const command = await startCommand(t, [...args, '--url', world.service.url], {
    program: ['schemathesis'],
    env: { API_KEY: key, CONNECTOR: connector, TOKEN: token },
  });
  assert.equal(await command.ended(), 0, `${command.stdout}\n${command.stderr}`);
});
