import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sinkSecretName } from '../../src/flow/names.ts';
import { numberedJob } from '../support/numbered-flows.ts';
import { startMessage } from '../support/signaling-callbacks.ts';
import { startScene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';
import { offer, startSink, type SinkRequest } from '../unit/transfer/sinks.ts';

const size = 12 * 1024 * 1024;
const window = 1024 * 1024;

const large = {
  description: 'A file that does not fit into the buffers of a connection.',
  results: { directory: '/results', storage: { size: '16Mi' } },
};
const script = `head -c ${size} /dev/zero > "$RESULT_DIRECTORY/zeros.bin"`;
const templates = {
  large: { 'template.yaml': JSON.stringify(large), 'job.yaml': JSON.stringify(numberedJob('large', script)) },
};

/** Takes a window of the first request, stops reading, and has an upload resource for the rest. */
class ResumableSink {
  readonly hash = createHash('sha256');
  bytes = 0;

  async handle({ request, response }: SinkRequest): Promise<void> {
    if (request.method === 'HEAD') {
      const headers = { 'upload-offset': String(this.bytes), 'upload-complete': '?0' };
      response.writeHead(204, { ...headers, 'upload-length': String(size) }).end();
      return;
    }
    const isFirst = request.method === 'POST';
    if (isFirst) offer(request, '/uploads/path-of-the-upload');
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      this.hash.update(chunk);
      this.bytes += chunk.length;
      if (isFirst && this.bytes >= window) return;
    }
    response.writeHead(200, { 'upload-complete': '?1' }).end();
  }
}

test('a push that the end of the service breaks off is continued by the next process where the sink has it', async (t) => {
  const scene = await startScene(t, {}, { templates });
  const { world } = scene;
  const resumable = new ResumableSink();
  const sink = await startSink(t, (one) => resumable.handle(one));
  const dataAddress = { endpointType: 'HttpData', endpoint: sink.url };
  const start = startMessage({ profile: 'HttpData-PUSH', datasetId: 'large', dataAddress });
  const flow = scene.flowOf(start.processId);
  await scene.send('start', start);
  await waitUntil('the sink has a window', () => resumable.bytes >= window);
  await waitUntil('the address of the upload is saved', async () => {
    const secrets = await world.namespace.secrets(flow);
    const kept = secrets.find(({ metadata }) => metadata?.name === sinkSecretName(flow))?.data?.['upload'];
    return kept !== undefined;
  });
  await world.service.kill();
  await world.service.start();

  const { push, completion } = await waitUntil('it is recorded', () => world.bucket.record(flow));
  assert.deepEqual([push?.end?.result, push?.attempts, completion?.result], ['sent', 2, 'delivered']);
  assert.deepEqual(
    sink.requests.map(({ method }) => method),
    ['POST', 'HEAD', 'PATCH'],
  );
  assert.equal(resumable.bytes, size);
  assert.equal(resumable.hash.digest('hex'), createHash('sha256').update(Buffer.alloc(size)).digest('hex'));
  const shown = world.service.log.join('\n') + JSON.stringify(await world.namespace.jobs());
  assert.ok(!shown.includes('path-of-the-upload'), 'the address is neither logged nor on the Job');
});
