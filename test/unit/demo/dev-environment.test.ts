import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { describeEnvironment } from '../../../src/demo/dev-environment.ts';
import type { DevFacts } from '../../../src/demo/describe-dev.ts';

const facts: DevFacts = {
  kubeconfig: '/tmp/k',
  namespace: 'edc-jobs',
  s3: {
    endpoint: 'http://127.0.0.1:9000',
    region: 'us-east-1',
    bucket: 'edc-jobs',
    accessKeyId: 'a',
    secretAccessKey: 's',
  },
  service: 'http://127.0.0.1:8080',
  serversOnly: true,
  connector: {
    name: 'provider',
    provisionUrl: 'http://127.0.0.1:8080/x',
    callback: 'http://localhost/callback',
  },
  connectorKey: 'k',
  environment: { ODD: `it's "$HOME" \`id\` \\ and\na new line`, EMPTY: '' },
  environmentFile: '/tmp/environment',
};

test('a shell reads every value as it is', () => {
  const script = `${describeEnvironment(facts)}\nexec "$NODE" -p 'JSON.stringify(process.env)'`;
  const stdout = execFileSync('sh', ['-eu', '-c', script], {
    env: { NODE: process.execPath },
    encoding: 'utf8',
  });
  const env = JSON.parse(stdout) as Record<string, string>;
  for (const [name, value] of Object.entries(facts.environment)) assert.equal(env[name], value);
});

test('settings that would lead serve elsewhere are taken away with the servers alone', () => {
  assert.match(describeEnvironment(facts), /^unset EDC_JP_CONFIG$/m);
  assert.doesNotMatch(describeEnvironment({ ...facts, serversOnly: false }), /unset/);
});
