import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { versionProfiles } from 'connector-simulator';
import {
  describeEnvironment,
  type DevFacts,
  describeEntry,
  entryAddressTypes,
} from '../../../../src/demo/dev/describe-dev.ts';

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

test('a shell reads every value unchanged', () => {
  const script = `${describeEnvironment(facts)}\nexec "$NODE" -p 'JSON.stringify(process.env)'`;
  const stdout = execFileSync('sh', ['-eu', '-c', script], {
    env: { NODE: process.execPath },
    encoding: 'utf8',
  });
  const env = JSON.parse(stdout) as Record<string, string>;
  for (const [name, value] of Object.entries(facts.environment)) assert.equal(env[name], value);
});

test('settings that would lead serve to other servers are unset with --servers-only', () => {
  assert.match(describeEnvironment(facts), /^unset EDC_JP_CONFIG$/m);
  assert.doesNotMatch(describeEnvironment({ ...facts, serversOnly: false }), /unset/);
});

test('the entry of each release has the type of address that this release deprovisions', () => {
  for (const [version, { deprovisionsAnyType }] of Object.entries(versionProfiles)) {
    const [, minor] = version.split('.').map(Number);
    const { type } = entryAddressTypes[Number(minor) <= 10 ? 0 : 1];
    // The service hands out HttpData addresses.
    assert.ok(deprovisionsAnyType || type === 'HttpData', version);
  }
});

test('the page of control planes and dev describe the entry alike', () => {
  const page = readFileSync(new URL('../../../../docs/connectors/control-plane.md', import.meta.url), 'utf8');
  const endpoint = 'https://jobs.example.org/connectors/provider/<token>/provision';
  // The page names the type of the oldest releases in its list of releases.
  const lines = describeEntry(endpoint).filter((line) => !/^#|=HttpData$/.test(line));
  assert.ok(page.includes(lines.join('\n')), lines.join('\n'));
});
