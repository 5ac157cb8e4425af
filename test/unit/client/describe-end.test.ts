import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeEnd, sections } from '../../../src/client/describe-end.ts';
import type { Job } from '../../../src/http/routes/api/jobs/job-schema.ts';

const page = readFileSync(new URL('../../../docs/outcomes.md', import.meta.url), 'utf8');

/** Heading as an anchor → the text below it. */
const texts = new Map(
  page.split(/^##+ /m).map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return [
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
      lines.join('\n'),
    ];
  }),
);

test('each reason has its line in the section of docs/outcomes.md that is named for it', () => {
  for (const [reason, section] of Object.entries(sections))
    assert.ok(texts.get(section)?.includes(`\`${reason}\``), `${reason} in ${section}`);
});

const job: Job = {
  ...{ id: 'flow-a', state: 'failed', template: 'echo', assetId: 'echo', dialect: 'rest', connector: 'rest' },
  acceptedAt: '2026-01-31T12:00:00Z',
  links: { self: 'http://127.0.0.1/api/v1/jobs/flow-a' },
};

test('control characters of a worker are shown as escapes, and a reason that is not known has no section', () => {
  const outcome = { reason: 'later-reason', message: 'It ended.', log: 'red: \u001b[31m\nlast\n' };
  const text = describeEnd({ ...job, outcome });
  assert.ok(text.startsWith('flow-a failed: later-reason\nIt ended.\n'));
  assert.ok(text.includes('\n  red: \\u001b[31m\n  last\n\n'));
  assert.match(text, /docs\/outcomes\.md\n$/);
});
