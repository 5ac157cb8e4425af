import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCommand } from '../support/command-process.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Job {
  state: string;
  progress?: { files: number; bytes: number; worker?: { percent?: number; message?: string } };
  results?: { files: number };
}

const script = `
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const { RESULT_DIRECTORY, GATE_URL } = process.env;
writeFileSync(RESULT_DIRECTORY + '/first.txt', 'a line\\n');
writeFileSync(RESULT_DIRECTORY + '/progress', JSON.stringify({ percent: 40, message: 'frame 40 of 100' }));
while (!(await fetch(GATE_URL)).ok) await delay(100);
`;

/** `shellTemplate` without its shell, which has no client for HTTP. */
function reporting(): Record<string, string> {
  const parameters = { properties: { GATE_URL: { type: 'string' } }, required: ['GATE_URL'] };
  const files = { 'report.mjs': script };
  const template = shellTemplate({ script: 'true', image: 'node:24-slim', parameters, files });
  const shell = JSON.stringify(['sh', '-c', 'true']);
  const node = JSON.stringify(['node', '/files/report.mjs']);
  return { ...template, 'job.yaml': template['job.yaml']?.replace(shell, node) ?? '' };
}

test('a running job shows what it has uploaded and what its worker says, and none of it is a result', async (t) => {
  const world = await startWorld(t, {
    templates: { reporting: reporting() },
    settings: { http: { answerDeadlineMillis: 20_000 }, reconciler: { leaseSeconds: 30 } },
  });
  const { service, gate } = world;
  const api = `${service.url}/api/v1`;
  const env = { EDC_JP_URL: service.url };
  const command = await startCommand(t, ['run', 'reporting', '--follow', '--param', `GATE_URL=${gate.url}`], {
    env,
  });
  const id = await waitUntil('it is started', () => /^flow-\S+/.exec(command.stdout)?.[0]);
  async function look(
    headers: Record<string, string> = {},
  ): Promise<{ status: number; etag: string; job?: Job }> {
    const answer = await fetch(`${api}/jobs/${id}`, { headers });
    const etag = answer.headers.get('etag') ?? '';
    const text = await answer.text();
    return { status: answer.status, etag, ...(text === '' ? {} : { job: JSON.parse(text) as Job }) };
  }
  const running = await waitUntil('the first file is uploaded', async () => {
    const seen = await look();
    return seen.job?.progress?.files === 1 && seen.job.progress.worker !== undefined && seen;
  });
  assert.deepEqual(running.job?.state, 'running');
  assert.equal(running.job.progress?.bytes, 7);
  assert.deepEqual(running.job.progress.worker, { percent: 40, message: 'frame 40 of 100' });
  assert.equal((await look({ 'if-none-match': running.etag })).status, 304);
  await waitUntil('the command shows it', () =>
    /40 %, frame 40 of 100, 1 file uploaded, 7 B/.test(command.stderr),
  );

  gate.open();
  assert.equal(await command.ended(), 0, command.stderr);
  const { job } = await look({ 'if-none-match': running.etag });
  assert.deepEqual([job?.state, job?.progress, job?.results?.files], ['succeeded', undefined, 1]);
  const deleted = await fetch(`${api}/jobs/${id}`, { method: 'DELETE' });
  assert.equal(deleted.status, 202);
  await deleted.body?.cancel();
  await waitUntil('all of it is deleted', async () => {
    const keys = await world.bucket.keys(`flows/${id}/`);
    return keys.every((key) => key.endsWith('/record.json'));
  });
});
