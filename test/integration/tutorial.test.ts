import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDocument } from '../support/documented-blocks.ts';
import { needing } from '../support/needs.ts';

test(
  'the tutorial leads from nothing to a data offer that a consumer has received',
  needing('embedded cluster'),
  async (t) => {
    assert.match(await runDocument(t, 'docs/tutorial.md'), /The results are in /);
  },
);
