import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { startCommand } from '../../support/command-process.ts';

const settings = {
  EDC_JP_STORE_ENDPOINT: 'http://127.0.0.1:9',
  EDC_JP_STORE_BUCKET: 'results',
  EDC_JP_HTTP_PORT: '0',
  EDC_JP_HTTP_PUBLIC_URL: 'http://127.0.0.1:9',
  EDC_JP_IMAGES_SIDECAR: 'edc-job-provisioner:dev',
  EDC_JP_CONNECTORS: JSON.stringify([{ name: 'one', callbackPrefix: 'http://127.0.0.1:9/callback' }]),
  STORE_ACCESS_KEY_ID: 'id',
  STORE_SECRET_ACCESS_KEY: 'secret',
  RESULT_KEYS: `k:${'0'.repeat(32)}`,
  CONNECTOR_ONE_TOKENS: 'token-of-the-connector',
  CONNECTOR_ONE_KEY: 'key',
};

async function serve(t: TestContext, env: Record<string, string>) {
  const templates = new URL('../../fixtures/templates', import.meta.url).pathname;
  const command = await startCommand(t, ['serve'], {
    env: { ...settings, EDC_JP_TEMPLATES_DIRECTORY: templates, ...env },
  });
  return { code: await command.ended(), stderr: command.stderr };
}

test('serve without a kubeconfig says what to do, without a stack', async (t) => {
  if (existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token')) {
    t.skip('this is a pod');
    return;
  }
  const { code, stderr } = await serve(t, { HOME: '/nowhere' });
  assert.equal(code, 1, stderr);
  const sentence = stderr.trimEnd().split('\n').at(-1) ?? '';
  assert.match(sentence, /^edc-job-provisioner serve: cluster\.kubeconfig: found no cluster/);
  assert.match(sentence, /EDC_JP_CLUSTER_KUBECONFIG/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});

test('serve with a kubeconfig that is not there names it, without a stack', async (t) => {
  const { code, stderr } = await serve(t, { EDC_JP_CLUSTER_KUBECONFIG: '/nowhere/kubeconfig' });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /serve: cluster\.kubeconfig: expected a readable kubeconfig in \/nowhere\/kubeconfig/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});
