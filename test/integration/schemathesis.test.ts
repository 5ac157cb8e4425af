import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiScopes } from '../../src/config/settings/api.ts';
import { projectFolder, startCommand } from '../support/command-process.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const key = 'key-of-the-tester-with-more-than-thirty-two-characters';
const keys = [{ name: 'tester', sha256: hash('sha256', key), scopes: apiScopes }];
const configuration = join(projectFolder, 'test', 'fixtures', 'schemathesis.toml');

test('schemathesis finds no answer that the document does not allow', needing('schemathesis'), async (t) => {
  // A socket that is closed on a busy machine is no answer, and a client on this machine would need no key.
  const http = { answerDeadlineMillis: 20_000, unauthenticated: 'off' };
  const world = await startWorld(t, {
    settings: { api: { keys }, http, templates: { writable: true } },
    connectors: [{ name: 'provider', version: '0.15.1' }],
    signaling: [{ name: 'control-plane', release: '0.18.0-signaling' }],
  });
  const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': '192.0.2.7' };
  await waitUntil('the replica has read the flows', async () => {
    const answer = await fetch(`${world.service.url}/api/v1/jobs`, { headers });
    await answer.body?.cancel();
    return answer.ok;
  });
  const env = { API_KEY: key, ...connectorsOf(world), ...(await runTransfers(world)) };
  const args = ['--config-file', configuration, 'run', `${world.service.url}/openapi.json`, '--no-color'];
  const command = await startCommand(t, [...args, '--url', world.service.url], {
    program: ['schemathesis'],
    env,
  });
  assert.equal(await command.ended(), 0, `${command.stdout}\n${command.stderr}`);
});

function connectorsOf(world: World) {
  const [CONNECTOR, CONNECTOR_TOKEN] = segmentsOf(world.provisionUrl());
  const [CONTROL_PLANE, CONTROL_PLANE_TOKEN] = segmentsOf(world.dataFlowsUrl('control-plane'));
  return { CONNECTOR, CONNECTOR_TOKEN, CONTROL_PLANE, CONTROL_PLANE_TOKEN };
}

/** A job with results and a data flow that is started, so that the operations on them find some. */
async function runTransfers(world: World) {
  const [provider, controlPlane] = [world.connector(), world.signaling('control-plane')];
  const flow = controlPlane.startTransfer({ assetId: 'echo' });
  const transfer = provider.startTransfer({ assetId: 'echo', mode: 'pull' });
  const { contentAddress } = await provider.waitFor(transfer.id, 'STARTED');
  await controlPlane.waitFor(flow.id, (one) => one.state === 'STARTED');
  const address = Object.entries(contentAddress ?? {}).find(([name]) => name.endsWith('baseUrl'));
  const [JOB, RESULTS_TOKEN] = segmentsOf(String(address?.[1]));
  return { JOB, RESULTS_TOKEN, DATA_FLOW: flow.id };
}

/** Those that follow the first one of the path. */
function segmentsOf(url: string): [string, string] {
  const [, , first = '', second = ''] = new URL(url).pathname.split('/');
  return [first, second];
}
