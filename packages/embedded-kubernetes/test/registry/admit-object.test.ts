import assert from 'node:assert/strict';
import test from 'node:test';

import { aPod, aRegistry, refusal } from './sample-objects.ts';

const references = [
  {
    name: 'service account',
    spec: { serviceAccountName: 'nobody' },
    why: 'error looking up service account default/nobody: serviceaccount "nobody" not found',
  },
  {
    name: 'priority class',
    spec: { priorityClassName: 'nope' },
    why: 'no PriorityClass with name nope was found',
  },
  {
    name: 'runtime class',
    spec: { runtimeClassName: 'nope' },
    why: 'pod rejected: RuntimeClass "nope" not found',
  },
];
for (const { name, spec, why } of references) {
  test(`a pod that names a ${name} which is not there is refused before it has a name`, () => {
    const pod = aPod('', { metadata: { name: undefined, generateName: 'flow-' }, spec });
    const status = refusal(() => aRegistry().create('pods', pod));
    assert.equal(status.message, `pods "flow-" is forbidden: ${why}`);
  });
}
