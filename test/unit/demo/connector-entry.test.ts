import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeEntry, entryAddressTypes } from '../../../src/demo/connector-entry.ts';
import { versionProfiles } from 'connector-simulator';

function deployment(): string {
  return readFileSync(new URL('../../../docs/deployment.md', import.meta.url), 'utf8');
}

test('every release is told the type of address that it deprovisions', () => {
  for (const [version, { deprovisionsAnyType }] of Object.entries(versionProfiles)) {
    const [, minor] = version.split('.').map(Number);
    const { type } = entryAddressTypes[Number(minor) <= 10 ? 0 : 1];
    // What the service hands out is an HttpData address.
    assert.ok(deprovisionsAnyType || type === 'HttpData', version);
  }
});

test('the documentation says of the entry what dev says', () => {
  const endpoint = 'http://edc-job-provisioner.edc-job-provisioner.svc/connectors/provider/<token>/provision';
  const lines = describeEntry(endpoint);
  assert.ok(deployment().includes(lines.join('\n')), lines.join('\n'));
});
