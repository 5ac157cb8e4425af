import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLabels } from '../../../../../../src/http/routes/api/jobs/check-labels.ts';

const job = { metadata: { labels: { team: 'a' } } };

test('labels that the cluster or the service acts on, and those of the template, are not for people', () => {
  const mine = { project: 'demo', 'example.org/run': '1', team: 'a', 'mykubernetes.io/a': 'b' };
  checkLabels(mine, { job });
  for (const name of [
    'kueue.x-k8s.io/queue-name',
    'batch.kubernetes.io/job-name',
    'kubernetes.io/arch',
    'edc-job-provisioner/state',
    'team',
  ])
    assert.throws(
      () => {
        checkLabels({ [name]: 'b' }, { job });
      },
      { code: 'invalid-request', field: `labels.${name}` },
    );
});
