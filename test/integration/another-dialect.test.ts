import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { startService } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { createLogger } from '../../src/log.ts';
import { postcards, type PostcardConnector } from '../support/postcard-dialect.ts';
import { quickSettings } from '../support/settings.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const token = 'token-of-the-correspondent';

const byContract = shellTemplate({
  script: 'echo "$YEAR" > "$RESULT_DIRECTORY/year.txt"',
  parameters: { properties: { YEAR: { type: 'integer', from: 'metadata.year' } }, required: ['YEAR'] },
});

interface Reply {
  number: string;
  link?: string;
  regret?: string;
}

/** A connector of the other dialect: what it is sent, and where. */
async function startCorrespondent(t: TestContext): Promise<{ url: string; replies: Reply[] }> {
  const replies: Reply[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      replies.push(body as Reply);
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, replies };
}

/** The service in this process, where a dialect can be handed to it. */
async function startWithPostcards(t: TestContext, world: World, replyUrl: string): Promise<string> {
  const { servers, access, namespace, bucket, folder } = world;
  const port = await freePort();
  const file = join(folder, 'settings.json');
  const settings = quickSettings({
    ...{ port, servers, kubeconfig: access.kubeconfig, namespace: namespace.name, bucket: bucket.name },
    ...{ templates: join(folder, 'templates'), connectors: [] },
  });
  await writeFile(file, JSON.stringify(settings));
  const env = {
    STORE_ACCESS_KEY_ID: servers.s3.accessKeyId,
    STORE_SECRET_ACCESS_KEY: servers.s3.secretAccessKey,
    RESULT_KEYS: `test:${'0'.repeat(32)}`,
  };
  const { config, secrets } = loadConfig({ env, file });
  const connector: PostcardConnector = {
    ...{ name: 'correspondent', dialect: postcards.name, templates: ['*'], replyUrl },
    resultsUrl: config.http.publicUrl,
  };
  const service = await startService({
    config: { ...config, connectors: [connector] },
    secrets: { ...secrets, connectors: { correspondent: { tokens: [token], key: undefined } } },
    version: 'test',
    log: createLogger('silent'),
    dialects: [postcards],
  });
  t.after(() => service.kill());
  return `http://127.0.0.1:${service.port}`;
}

test('a dialect that the service does not know provisions, and gets the results that it requested', async (t) => {
  const templates = { 'by-contract': byContract };
  const world = await startWorld(t, { connectors: [], replicas: 0, templates });
  const { url: replyUrl, replies } = await startCorrespondent(t);
  const url = await startWithPostcards(t, world, replyUrl);
  async function post(
    number: string,
    assetId: string,
    metadata?: object,
  ): Promise<{ status: number; flow: string }> {
    const response = await fetch(`${url}/postcards/correspondent/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ number, assetId, metadata }),
    });
    return { status: response.status, ...((await response.json()) as { flow: string }) };
  }

  const { flow } = await post('one', 'echo');
  assert.deepEqual(await post('one', 'echo'), { status: 208, flow });
  await post('two', 'exit-1');
  await post('three', 'by-contract', { year: '2014', month: 1 });
  assert.equal((await post('four', 'by-contract', { year: 'last' })).status, 400);
  await waitUntil('all are answered', () => replies.length === 3);
  const byNumber = new Map(replies.map((reply) => [reply.number, reply]));
  assert.equal(byNumber.get('two')?.regret, 'worker-failed');
  const data = await fetch(byNumber.get('one')?.link ?? '');
  assert.equal(await data.text(), 'hello from the worker: ä ö ü €\n');
  const year = await fetch(byNumber.get('three')?.link ?? '');
  assert.equal(await year.text(), '2014\n');

  const record = await waitUntil('the record is written', () => world.bucket.record(flow));
  assert.equal(record.request.dialect, postcards.name);
  assert.deepEqual([record.delivery.result, record.delivery.attempts], ['delivered', 1]);
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
  assert.deepEqual(
    Object.keys(paths).filter((path) => /postcards|provision/.test(path)),
    ['/postcards/{connector}/{token}'],
  );
});
