import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareAudit, readGrants, readUses } from '../../servers/compare-audit.ts';

const role = `
kind: ServiceAccount
metadata: { name: edc-job-provisioner }
---
kind: Role
rules:
  - { apiGroups: [batch], resources: [jobs], verbs: [create, delete] }
  - { apiGroups: [''], resources: [pods, pods/log], verbs: [get] }
`;

const account = 'system:serviceaccount:test-0123456789-service:edc-job-provisioner';
let requests = 0;

interface Asked {
  verb: string;
  resource?: string;
  subresource?: string;
  apiGroup?: string;
  username?: string;
  decision?: 'allow' | 'forbid';
  stage?: string;
  auditID?: string;
}

function line({ verb, resource, subresource, apiGroup, decision = 'allow', ...rest }: Asked): string {
  requests += 1;
  return JSON.stringify({
    kind: 'Event',
    auditID: rest.auditID ?? `request-${requests}`,
    stage: rest.stage ?? 'ResponseComplete',
    requestURI: '/version?timeout=5s',
    verb,
    user: { username: rest.username ?? account },
    ...(resource === undefined ? {} : { objectRef: { resource, subresource, apiGroup } }),
    annotations: { 'authorization.k8s.io/decision': decision },
  });
}

async function compare(...lines: string[]) {
  return compareAudit(readGrants(role), await readUses(lines));
}

const everything = [
  line({ verb: 'create', resource: 'jobs', apiGroup: 'batch' }),
  line({ verb: 'delete', resource: 'jobs', apiGroup: 'batch' }),
  line({ verb: 'get', resource: 'pods' }),
  line({ verb: 'get', resource: 'pods', subresource: 'log' }),
];

test('a Role all of which was used, and nothing else, has no findings', async () => {
  const { used, unused, missing } = await compare(...everything, line({ verb: 'get' }));
  assert.deepEqual([...used.keys()], ['create jobs.batch', 'delete jobs.batch', 'get pods', 'get pods/log']);
  assert.deepEqual({ unused, missing }, { unused: [], missing: [] });
});

test('a granted verb that nobody used is named', async () => {
  const { unused } = await compare(...everything.slice(2));
  assert.deepEqual(unused, ['create jobs.batch', 'delete jobs.batch']);
});

test('a verb on the resource does not stand for one on its subresource, nor for one in another group', async () => {
  const { unused } = await compare(
    line({ verb: 'get', resource: 'pods' }),
    line({ verb: 'create', resource: 'jobs', apiGroup: 'example.org' }),
  );
  assert.deepEqual(unused, ['create jobs.batch', 'delete jobs.batch', 'get pods/log']);
});

test('a refusal of what the Role lacks is named', async () => {
  const { missing } = await compare(
    ...everything,
    line({ verb: 'list', resource: 'events', decision: 'forbid' }),
  );
  assert.deepEqual(missing, ['list events']);
});

test('a refusal is no use, and one of what the Role has is not missing from it', async () => {
  const { unused, missing } = await compare(
    ...everything.slice(1),
    line({ verb: 'create', resource: 'jobs', apiGroup: 'batch', decision: 'forbid' }),
  );
  assert.deepEqual({ unused, missing }, { unused: ['create jobs.batch'], missing: [] });
});

test('others use nothing of the Role', async () => {
  const { unused } = await compare(
    ...['admin', 'system:serviceaccount:test-0123456789:default', account.replace('test-', 'other-')].map(
      (username) => line({ verb: 'get', resource: 'pods', username }),
    ),
  );
  assert.ok(unused.includes('get pods'));
});

test('several events of one request are one use, and a line that was cut off is left out', async () => {
  const { used } = await compare(
    line({ verb: 'get', resource: 'pods', auditID: 'a', stage: 'ResponseStarted' }),
    line({ verb: 'get', resource: 'pods', auditID: 'a' }),
    everything[0]?.slice(0, 40) ?? '',
  );
  assert.deepEqual([...used], [['get pods', 1]]);
});

test('the Role that is deployed has neither wildcards nor names of objects in it', async () => {
  const deployed = await readFile(new URL('../../../deploy/base/rbac.yaml', import.meta.url), 'utf8');
  assert.ok(readGrants(deployed).size > 0);
  assert.doesNotMatch(deployed, /\*|resourceNames|ClusterRole/);
});

test('the command fails and names what it found', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const log = join(folder, 'audit.log');
  await writeFile(log, line({ verb: 'list', resource: 'nodes', decision: 'forbid' }));
  const script = fileURLToPath(new URL('../../servers/compare-audit.ts', import.meta.url));
  const child = spawn(process.execPath, [script, log], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 1);
  assert.match(said, /MISSING {2}list nodes/);
  assert.match(said, /UNUSED {2}create jobs\.batch/);
});
