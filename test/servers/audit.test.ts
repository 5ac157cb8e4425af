// After all scenarios of `npm run test:real` on the real cluster.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { needing } from '../support/needs.ts';
import { compareAudit, linesOf, readGrants, readUses } from './compare-audit.ts';

test(
  'the Role that is deployed grants what the scenarios made the service ask for, and nothing else',
  needing('own control plane'),
  async () => {
    const role = await readFile(new URL('../../deploy/base/rbac.yaml', import.meta.url), 'utf8');
    const logs = globSync(`${process.env['TEST_CLUSTER_DIRECTORY'] ?? ''}/log/audit*.log`);
    const { unused, missing } = compareAudit(readGrants(role), await readUses(linesOf(logs)));
    assert.deepEqual({ unused, missing }, { unused: [], missing: [] });
  },
);
