import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';

const run = promisify(execFile);
const settings = {
  // A socket that is closed on a busy machine is no answer.
  http: { answerDeadlineMillis: 20_000 },
  templates: { directory: fileURLToPath(new URL('../../jobs-templates', import.meta.url)) },
  compatibility: { paths: 'on' },
};

test('an uploaded video is transcoded, and downloaded by the id of its job', needing('ffmpeg'), async (t) => {
  const world = await startWorld(t, { settings });
  const { url } = world.service;
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  t.after(() => rm(folder, { recursive: true }));
  async function shell(command: string): Promise<string> {
    return (await run('sh', ['-ec', command], { cwd: folder })).stdout;
  }
  // Two seconds, more than a test picture and with another size than the result.
  await shell('ffmpeg -v error -f lavfi -i testsrc=size=200x100:rate=10 -t 2 -c:v mpeg4 drive.mp4');
  const { job_id: id } = JSON.parse(await shell(`curl -sSf -F file=@drive.mp4 ${url}/api/v1/upload`)) as {
    job_id: string;
  };
  const ended = await fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=60' } });
  const job = (await ended.json()) as { state: string; template: string };
  assert.partialDeepStrictEqual(job, { state: 'succeeded', template: 'transcode' });

  const download = `${url}/api/v1/download/${id}`;
  await shell(`curl -sSf -r 0-999 ${download} > video.mkv && curl -sSf -r 1000- ${download} >> video.mkv`);
  const probe = 'stream=codec_name,width,height:format=duration';
  const found = await shell(`ffprobe -v error -show_entries ${probe} -of json video.mkv`);
  const { streams, format } = JSON.parse(found) as { streams: unknown; format: { duration: string } };
  assert.deepEqual(streams, [{ codec_name: 'mpeg4', width: 320, height: 180 }]);
  assert.ok(Math.abs(Number(format.duration) - 2) < 0.2, format.duration);

  const refused = await fetch(`${url}/api/v1/upload`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'idempotency-key': 'k'.repeat(300) },
    body: 'no video',
  });
  assert.equal(refused.status, 400, await refused.text());
  const uploads = await world.bucket.keys('uploads/');
  assert.equal(uploads.length, 2, 'the file of a refused start is left: content and description of one');
});
