import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Cluster, User } from '@kubernetes/client-node';
import { createServerCertificate } from 'embedded-kubernetes/certificate';
import { isServiceError } from '../../../src/errors.ts';
import { connectCluster } from '../../../src/kubernetes/cluster.ts';
import { createTlsSource } from '../../../src/kubernetes/tls-material.ts';

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function sourceOf(cluster: Partial<Cluster>, user: Partial<User>) {
  const access = {
    cluster: { name: 'one', server: 'https://127.0.0.1', skipTLSVerify: false, ...cluster },
    user: { name: 'me', ...user },
  };
  const state = { now: 0 };
  return { state, source: createTlsSource(access, () => state.now) };
}

test('an authority and a certificate that were rotated in their files are read within half a minute, not for each request', async (t) => {
  const folder = await aFolder(t);
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name));
  assert.ok(ca !== undefined && cert !== undefined && key !== undefined);
  async function write(generation: string): Promise<void> {
    for (const path of [ca, cert, key]) await writeFile(path ?? '', generation);
  }
  await write('old');
  const files = { certFile: cert, keyFile: key };
  const { state, source } = sourceOf({ caFile: ca }, files);
  const first = await source.current(undefined);
  assert.deepEqual(first, { ca: 'old', cert: 'old', key: 'old' });
  state.now = 30_000;
  assert.equal(await source.current(undefined), first, 'nothing has changed: the same connections');
  await write('new');
  state.now = 59_000;
  assert.equal(await source.current(undefined), first);
  state.now = 60_000;
  const second = await source.current(undefined);
  assert.deepEqual(second, { ca: 'new', cert: 'new', key: 'new' });
  await rm(ca);
  state.now = 90_000;
  assert.equal(await source.current(undefined), second, 'in the middle of a rotation');
});

test('an authority that cannot be read at the start is a sentence', async () => {
  const { source } = sourceOf({ caFile: '/nowhere/ca.pem' }, {});
  await assert.rejects(
    source.current(undefined),
    (error) => isServiceError(error, 'invalid-config') && error.message.includes('/nowhere/ca.pem'),
  );
});

interface Pair {
  key: string;
  certificate: string;
}

/** A server that asks for a certificate and answers only to `allowed`. */
async function startServer(t: TestContext, allowed: () => Pair): Promise<{ url: string; ca: string }> {
  const { key, certificate } = createServerCertificate(new Date());
  const server = createServer({ key, cert: certificate, requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => {
    const socket = request.socket as { getPeerCertificate?: () => { fingerprint256: string } };
    const fingerprint256 = socket.getPeerCertificate?.().fingerprint256;
    const known = new X509Certificate(allowed().certificate).fingerprint256 === fingerprint256;
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ major: '1', minor: '34', gitVersion: 'v1.34.0' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: certificate };
}

test('a certificate that a program gives is shown to the API server, and renewed with the credentials after a 401', async (t) => {
  const folder = await aFolder(t);
  const [old, renewed] = [createServerCertificate(new Date()), createServerCertificate(new Date())];
  let allowed = old;
  const { url, ca } = await startServer(t, () => allowed);
  async function give({ certificate, key }: Pair): Promise<void> {
    const status = { clientCertificateData: certificate, clientKeyData: key };
    await writeFile(join(folder, 'answer'), JSON.stringify({ kind: 'ExecCredential', status }));
  }
  await give(old);
  const command = join(folder, 'get-certificate');
  await writeFile(command, `#!/bin/sh\nexec cat "${join(folder, 'answer')}"\n`);
  await chmod(command, 0o755);
  const kubeconfig = join(folder, 'kubeconfig');
  const trust = { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const config = {
    clusters: [{ name: 'one', cluster: { server: url, ...trust } }],
    users: [{ name: 'me', user: { exec: { command } } }],
    contexts: [{ name: 'here', context: { cluster: 'one', user: 'me' } }],
    'current-context': 'here',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 60_000 });
  t.after(() => cluster.close());
  const signal = AbortSignal.timeout(60_000);
  assert.equal(await cluster.checkVersion(signal), 'v1.34.0');
  allowed = renewed;
  await give(renewed);
  await assert.rejects(cluster.checkVersion(signal), /401/);
  assert.equal(await cluster.checkVersion(signal), 'v1.34.0');
});
