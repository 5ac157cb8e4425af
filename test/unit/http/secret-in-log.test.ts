import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { jobRoutes } from '../../../src/http/routes/api/jobs/job-routes.ts';
import { resultRoutes } from '../../../src/http/routes/results.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { signResultToken } from '../../../src/result/result-token.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { askRaw, readReplies } from './ask-raw.ts';
import { jobRouteDeps } from './job-route-deps.ts';
import { memoryFlows } from './memory-flows.ts';
import { provisionBody, startHttp, token } from './start-http.ts';

const resultKey = { id: 'k1', key: 'a-key-of-at-least-thirty-two-characters' };
const apiKey = 'an-api-key-of-more-than-thirty-two-characters';
const api = {
  keys: [
    {
      name: 'ann',
      sha256: hash('sha256', apiKey),
      scopes: ['read' as const],
      templates: ['*'],
      connectors: ['rest'],
    },
  ],
  cors: { origins: ['https://jobs.example.org'] },
};
const grant = { flow: 'flow-a', attempt: 'attempt-1', notAfter: 4_000_000_000 };
const resultToken = signResultToken(grant, [resultKey]);
/** Enough of each to be worth something to a reader of the log. */
const secrets = [
  token,
  token.slice(2),
  resultKey.key,
  apiKey,
  apiKey.slice(3, -3),
  resultToken,
  resultToken.slice(-40),
  resultToken.slice(0, -4),
];

const body = JSON.stringify(provisionBody());
function request(line: string, { headers = '', body = '' } = {}): string {
  return `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
}
function post(path: string, { headers = 'Content-Type: application/json\r\n', sent = body } = {}): string {
  return request(`POST ${path}`, { headers, body: sent });
}
const list = 'GET /api/v1/jobs';
function bearer(key: string, line = list, headers = ''): string {
  return request(line, { headers: `Authorization: Bearer ${key}\r\n${headers}` });
}
const encoded = Array.from(token, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');

const requests = {
  'a good one': post(`/connectors/edc/${token}/provision`),
  'a template': post(`/connectors/edc/${token}/provision/echo`),
  'a prefix that was not taken away': post(`/edc/connectors/edc/${token}/provision`),
  'two prefixes': post(`/a/b/connectors/edc/${token}/provision`),
  'a prefix of which too much was taken away': post(`/edc/${token}/provision`),
  'a path that begins with the token': post(`/${token}/provision`),
  'the token alone': request(`GET /${token}`),
  'double slashes': post(`//connectors//edc//${token}//provision`),
  'double slashes before a host': post(`//connectors/edc/${token}/provision`),
  'a final slash': post(`/connectors/edc/${token}/provision/`),
  'no provision': post(`/connectors/edc/${token}`),
  'another path below the token': post(`/connectors/edc/${token}/dataflows`),
  'the token as the connector': post(`/connectors/${token}/edc/provision`),
  'the token as the template': post(`/connectors/edc/${token}/provision/${token}`),
  'the token as the template without one': post(`/provision/${token}`),
  'the token as an unknown connector, encoded': post(`/connectors/${encoded}/edc/provision`),
  'an encoded token': post(`/connectors/edc/${encoded}/provision`),
  'a token that is encoded twice': post(`/connectors/edc/${encoded.replaceAll('%', '%25')}/provision`),
  'encoded slashes': post(`/connectors%2Fedc%2F${token}%2Fprovision`),
  'a path in upper case': post(`/CONNECTORS/edc/${token}/provision`),
  'dot segments': post(`/x/../connectors/edc/${token}/provision`),
  'a wrong encoding beside it': post(`/connectors/edc/${token}/provision/%zz`),
  'an almost right token': post(`/connectors/edc/${token}x/provision`),
  'the token in the query': post(`/provision?token=${token}`),
  'the token in the query of an unknown path': request(`GET /nowhere?${token}`),
  'an absolute address': post(`http://jobs.example.org/connectors/edc/${token}/provision`),
  'an absolute address with a user': post(`http://edc:${token}@jobs.example.org/provision`),
  'another method': request(`GET /connectors/edc/${token}/provision`),
  HEAD: request(`HEAD /connectors/edc/${token}/provision`),
  OPTIONS: request(`OPTIONS /connectors/edc/${token}/provision`),
  'a method that is the token': `${token} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  'another media type': post(`/connectors/edc/${token}/provision`, {
    headers: 'Content-Type: text/plain\r\n',
  }),
  'no JSON': post(`/connectors/edc/${token}/provision`, { sent: `{"${token}` }),
  'the token as a body': post(`/connectors/edc/${token}/provision`, { sent: JSON.stringify(token) }),
  'the token in a callback address': post(`/connectors/edc/${token}/provision`, {
    sent: JSON.stringify(provisionBody({ callbackAddress: `http://edc:${token}@evil.example/${token}` })),
  }),
  'the token as an asset': post(`/connectors/edc/${token}/provision`, {
    sent: JSON.stringify(provisionBody({ assetId: token })),
  }),
  'a long path': request(`GET /connectors/edc/${token}/${'x'.repeat(8000)}`),
  'a path that is too long for the parser': request(`GET /connectors/edc/${token}/${'x'.repeat(20_000)}`),
  'a header that is too long': post(`/connectors/edc/${token}/provision`, {
    headers: `Authorization: ${token}${'x'.repeat(20_000)}\r\n`,
  }),
  'no HTTP': `connectors/edc/${token}\r\n\r\n`,
  'the token in headers': post(`/provision`, {
    headers: `Authorization: Bearer ${token}\r\nX-Api-Key: ${token}\r\n`,
  }),
  'a host that is the token': `GET / HTTP/1.1\r\nHost: ${token}\r\nConnection: close\r\n\r\n`,
  ...Object.fromEntries(
    [apiKey, `${apiKey}x`].flatMap((key) => [
      [`${key.length}: a key`, bearer(key)],
      [`${key.length}: a key in a header of its own`, request(list, { headers: `X-Api-Key: ${key}\r\n` })],
      [
        `${key.length}: a key of another scheme`,
        request(list, { headers: `Authorization: Basic ${key}\r\n` }),
      ],
      [`${key.length}: a key without a scheme`, request(list, { headers: `Authorization: ${key}\r\n` })],
      [`${key.length}: a key for an operation that it does not allow`, bearer(key, 'POST /api/v1/jobs')],
      [`${key.length}: a key at an unknown path`, bearer(key, 'GET /api/v2')],
      [`${key.length}: a key in the query`, bearer(key, `${list}?key=${key}`)],
      [`${key.length}: a key in the query alone`, request(`${list}?key=${key}`)],
      [`${key.length}: a key as a job`, request(`${list}/${key}`)],
      [`${key.length}: a key of a page`, bearer(key, list, 'Origin: https://jobs.example.org\r\n')],
      [`${key.length}: a key in a preflight`, bearer(key, 'OPTIONS /api/v1/jobs')],
      [`${key.length}: a key as an origin`, request(list, { headers: `Origin: https://${key}\r\n` })],
    ]),
  ),
  'a result': request(`GET /results/flow-a/${resultToken}/manifest.json`),
  'a file of the result': request(`GET /results/flow-a/${resultToken}/files/a/b`),
  'a result with a prefix': request(`GET /jobs/results/flow-a/${resultToken}/manifest.json`),
  'a result without its prefix': request(`GET /flow-a/${resultToken}/manifest.json`),
  'a result token as a flow': request(`GET /results/${resultToken}/flow-a/manifest.json`),
  'a result token as a file': request(`GET /results/flow-a/x/files/${resultToken}/y`),
  'a result token that is encoded': request(
    `GET /results/flow-a/x/files/${resultToken.replaceAll('~', '%7E')}/y`,
  ),
  'a result token in a word': request(`GET /results/flow-a/x/files/see-${resultToken}.`),
  'a result with a wrong method': request(`DELETE /results/flow-a/${resultToken}/manifest.json`),
  'a result with double slashes': request(`GET //results//flow-a//${resultToken}//manifest.json`),
};
for (const [name, sent] of Object.entries(requests)) {
  test(`neither log nor metrics show a secret: ${name}`, async (t) => {
    const { log, lines } = memoryLog();
    const metrics = createMetrics({ processMetrics: false });
    const manifests = { load: () => Promise.resolve(undefined) };
    function now(): Date {
      return new Date(0);
    }
    const flows = memoryFlows();
    const routes = [
      ...resultRoutes({ manifests, keys: [resultKey], now } as unknown as Parameters<typeof resultRoutes>[0]),
      ...jobRoutes(jobRouteDeps(flows)),
    ];
    const { server, port } = await startHttp(t, { log, metrics, routes, flows, api });
    const replies = readReplies(await askRaw(port, sent));
    assert.equal(replies.length, 1);
    await server.close();
    const told = [...lines, await metrics.registry.metrics()];
    for (const secret of secrets) {
      for (const line of told) assert.ok(!line.includes(secret), line);
    }
  });
}
