import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError } from '../../../../src/errors.ts';
import {
  checkMayStart,
  checkTemplateAccess,
  maySee,
  type Caller,
} from '../../../../src/http/access/caller.ts';

function callerOf(more: Partial<Caller> = {}): Caller {
  return { name: 'ann', scopes: ['read'], templates: ['*'], connectors: ['rest'], admin: false, ...more };
}

const own = { connector: 'rest', caller: 'ann' };
const others = { connector: 'rest', caller: 'bob' };
const nobodys = { connector: 'rest' };
const provider = { connector: 'provider' };
const other = { connector: 'other' };

const sights = [
  { name: 'by default its own jobs', caller: callerOf(), sees: [own] },
  {
    name: 'those of a connector that it lists',
    caller: callerOf({ connectors: ['rest', 'provider'] }),
    sees: [own, provider],
  },
  {
    name: 'those of a connector alone',
    caller: callerOf({ connectors: ['provider'] }),
    sees: [provider],
  },
  {
    name: 'those of all connectors, but not those of other callers',
    caller: callerOf({ connectors: ['*'] }),
    sees: [own, provider, other],
  },
  { name: 'nothing', caller: callerOf({ connectors: [] }), sees: [] },
  {
    name: 'as an administrator, all',
    caller: callerOf({ connectors: [], admin: true }),
    sees: [own, others, nobodys, provider, other],
  },
];
for (const { name, caller, sees } of sights) {
  test(`a caller sees ${name}`, () => {
    const all = [own, others, nobodys, provider, other];
    assert.deepEqual(
      all.filter((request) => maySee(caller, request)),
      sees,
    );
  });
}

test('a connector that has the name of a caller does not own its jobs', () => {
  assert.equal(maySee(callerOf(), { connector: 'ann', caller: 'ann' }), false);
});

test('a template that a caller may not use is forbidden, whether or not it exists, and those that it may use are named', () => {
  const caller = callerOf({ templates: ['echo', 'other'] });
  checkTemplateAccess(caller, 'echo');
  assert.throws(
    () => {
      checkTemplateAccess(caller, 'slow');
    },
    (error: unknown) => isServiceError(error, 'forbidden') && error.message.endsWith('one of echo, other'),
  );
});

test('a caller that could not see its jobs may not start one', () => {
  checkMayStart(callerOf());
  checkMayStart(callerOf({ connectors: [], admin: true }));
  assert.throws(
    () => {
      checkMayStart(callerOf({ connectors: ['provider'] }));
    },
    (error: unknown) => isServiceError(error, 'forbidden'),
  );
});
