import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRefusedJob } from '../../../src/cluster-objects/refused-job.ts';
import { readFlow } from '../../../src/flow/flow.ts';
import { aFlow } from '../../support/flow-values.ts';
import { templateSettings } from '../template/template-folder.ts';

const settings = { ...templateSettings, cluster: { namespace: 'jobs', requestTimeoutMillis: 1000 } };
const refused = 'there is no template "absent"';

for (const template of ['absent', 'A b', 'x'.repeat(300)]) {
  test(`a refused request is a suspended Job that no name can spoil: ${template.slice(0, 10)}`, () => {
    const request = { ...aFlow().request, template };
    const job = buildRefusedJob({ flow: 'flow-abc', request, refused, settings });
    assert.equal(job.spec?.suspend, true);
    for (const value of Object.values(job.metadata?.labels ?? {})) assert.match(value, /^[\w.-]{0,63}$/);
    assert.equal(readFlow(job)?.plan.refused, refused);
    assert.deepEqual(readFlow(job)?.request, request);
  });
}
