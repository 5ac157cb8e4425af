import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { uploadDescriptionKey } from '../../../../../../src/flow/keys.ts';
import type { Caller } from '../../../../../../src/http/access/caller.ts';
import { findAnyUpload } from '../../../../../../src/http/routes/api/uploads/find-upload.ts';
import { newUploadId } from '../../../../../../src/uploads/stored-upload.ts';
import { memoryStore } from '../../../../result/stored-results.ts';

const { signal } = new AbortController();
const created = new Date('2026-11-28T10:00:00Z');
const expiresAt = '2026-11-29T10:00:00Z';
const id = newUploadId(created, randomUUID());

function callerNamed(name: string, admin = false): Caller {
  return { name, scopes: ['run'], templates: ['*'], connectors: ['*'], admin };
}

test('an upload is found by its caller and by an administrator, until it expires', async () => {
  const store = memoryStore();
  store.objects.set(uploadDescriptionKey(id), Buffer.from(JSON.stringify({ id, caller: 'ann', expiresAt })));
  let now = created;
  const deps = { store, now: () => now };
  const ann = callerNamed('ann');
  for (const caller of [ann, callerNamed('root', true)])
    assert.equal((await findAnyUpload(deps, { id, caller }, signal)).stored?.caller, 'ann');
  for (const wanted of [
    { id, caller: callerNamed('bob') },
    { id: newUploadId(created, randomUUID()), caller: ann },
    { id: 'x', caller: ann },
  ])
    await assert.rejects(findAnyUpload(deps, wanted, signal), { code: 'not-found' });
  now = new Date(expiresAt);
  await assert.rejects(findAnyUpload(deps, { id, caller: ann }, signal), { code: 'not-found' });
});
