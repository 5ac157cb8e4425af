import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const patterns = '{*.md,{docs,src,test}/**/*.md,{packages,jobs-templates}/{*,*/*}.md}';
const documents = globSync(patterns, { cwd: root }).sort();
const links = documents.flatMap((document) =>
  [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
    ([link, path = '', anchor]) => ({
      document,
      link,
      target: path === '' ? document : join(dirname(document), path),
      anchor,
    }),
  ),
);

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
}

test('every file that a document links to exists', () => {
  assert.ok(links.length > 100);
  assert.deepEqual(
    links.filter(({ target }) => !existsSync(join(root, target))),
    [],
  );
});

test('every heading that a document links to exists', () => {
  const toHeadings = links.filter(({ anchor }) => anchor !== undefined);
  assert.ok(toHeadings.length > 20);
  assert.deepEqual(
    toHeadings.filter(({ target, anchor = '' }) => !anchorsOf(target).includes(anchor)),
    [],
  );
});

/** As GitHub makes them of headings. */
function anchorsOf(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
