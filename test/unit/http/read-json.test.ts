import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Route } from '../../../src/http/route.ts';
import { askRaw, readReplies } from './ask-raw.ts';
import { ask, problemIn, provisionBody, startHttp, token } from './start-http.ts';

const good = Buffer.from(JSON.stringify(provisionBody()));

interface Row {
  name: string;
  type?: string;
  encoding?: string;
  body?: Buffer | string;
  status: number;
  field?: string;
  detail?: RegExp;
}

const rows: Row[] = [
  { name: 'JSON', status: 200 },
  { name: 'JSON-LD', type: 'application/ld+json', status: 200 },
  { name: 'JSON of a vendor', type: 'application/vnd.example+json; charset=utf-8', status: 200 },
  { name: 'gzip', encoding: 'gzip', body: gzipSync(good), status: 200 },
  { name: 'brotli', encoding: 'br', body: brotliCompressSync(good), status: 200 },
  { name: 'gzip that is none', encoding: 'gzip', status: 400, field: 'body', detail: /Content-Encoding/ },
  {
    name: 'deflate that is none',
    encoding: 'deflate',
    status: 400,
    field: 'body',
    detail: /Content-Encoding/,
  },
  { name: 'brotli that is none', encoding: 'br', status: 400, field: 'body', detail: /Content-Encoding/ },
  {
    name: 'gzip that is cut off',
    encoding: 'gzip',
    body: gzipSync(good).subarray(0, 40),
    status: 400,
    field: 'body',
  },
  {
    name: 'gzip of too much',
    encoding: 'gzip',
    body: gzipSync('x'.repeat(1_000_000)),
    status: 413,
    field: 'body',
  },
  {
    name: 'an unknown encoding',
    encoding: 'zstd',
    status: 415,
    field: 'Content-Encoding',
    detail: /expected gzip/,
  },
  {
    name: 'another media type',
    type: 'text/xml',
    status: 415,
    field: 'Content-Type',
    detail: /expected application\/json/,
  },
  {
    name: 'null',
    body: 'null',
    status: 400,
    field: 'body',
    detail: /expected a JSON object, received null$/,
  },
  { name: 'a number', body: '1', status: 400, field: 'body', detail: /received a number$/ },
  { name: 'text', body: '"x"', status: 400, field: 'body', detail: /received a string$/ },
  { name: 'a truth', body: 'true', status: 400, field: 'body', detail: /received a boolean$/ },
  { name: 'a list', body: '[]', status: 400, field: 'body', detail: /received a list$/ },
  { name: 'nothing', body: '', status: 400, field: 'body', detail: /received nothing$/ },
  { name: 'blanks', body: '  ', status: 400, field: 'body', detail: /valid JSON/ },
  { name: 'half of an object', body: '{"assetId":', status: 400, field: 'body', detail: /valid JSON/ },
  {
    name: 'no text',
    body: Buffer.from([0xff, 0xfe, 0x00]),
    status: 400,
    field: 'body',
    detail: /valid JSON/,
  },
  { name: 'an object without members', body: '{}', status: 400, field: 'transferProcessId' },
];
for (const { name, type = 'application/json', encoding, body = good, status, field, detail } of rows) {
  test(`a body is read, or refused with the expected form: ${name}`, async (t) => {
    const { port } = await startHttp(t);
    const head = [
      `POST /connectors/edc/${token}/provision HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
      ...(encoding === undefined ? [] : [`Content-Encoding: ${encoding}`]),
    ].join('\r\n');
    const sent = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from(body)]);
    const [reply] = readReplies(await askRaw(port, sent));
    assert.equal(reply?.status, status, reply?.body);
    if (status === 200) return;
    const problem = problemIn({ ...reply, headers: {} });
    assert.equal(problem.field, field);
    assert.match(problem.detail, detail ?? /expected/);
  });
}

for (const encoding of ['identity', 'gzip', 'br']) {
  test(`a client that leaves in the middle of its body (${encoding}) disturbs nobody`, async (t) => {
    const { port } = await startHttp(t);
    const head = [
      `POST /connectors/edc/${token}/provision HTTP/1.1`,
      'Host: localhost',
      'Content-Type: application/json',
      'Content-Length: 10000',
      `Content-Encoding: ${encoding}`,
    ].join('\r\n');
    await askRaw(port, Buffer.concat([Buffer.from(`${head}\r\n\r\n`), gzipSync(good)]), { end: true });
    const { status } = await ask(port, `/connectors/edc/${token}/provision`, { body: provisionBody() });
    assert.equal(status, 200);
  });
}

for (const lengthHeader of ['Content-Length: 0', 'X-No-Length: 1'])
  test(`a request without a body needs no type: ${lengthHeader}`, async (t) => {
    const form: Route = {
      method: 'POST',
      path: '/form',
      access: 'everybody',
      deadline: 'bounded',
      body: { kind: 'form', name: 'Form', schema: { type: 'object' } },
      operation: { operationId: 'form', tag: 'service', summary: 'A form', parameters: {}, responses: {} },
      async handle(ctx) {
        ctx.body = { fields: [...(await ctx.state.readForm())] };
      },
    };
    const { port } = await startHttp(t, { routes: [form] });
    async function post(path: string) {
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lengthHeader}\r\n\r\n`;
      const [reply] = readReplies(await askRaw(port, Buffer.from(head)));
      assert.ok(reply);
      return reply;
    }
    const empty = await post('/form');
    assert.equal(empty.status, 200, empty.body);
    assert.equal(empty.body, '{"fields":[]}');
    const refused = await post(`/connectors/edc/${token}/provision`);
    assert.equal(refused.status, 400);
    assert.match(problemIn({ ...refused, headers: {} }).detail, /received nothing$/);
  });
