import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const documents = globSync('{*.md,docs/**/*.md,packages/*/*.md,test/**/*.md,jobs-templates/*.md}', {
  cwd: root,
}).sort();
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

test('every npm script that a document names exists', () => {
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/\bnpm (?:run (?:--silent )?([a-z][\w:]*)|(test|start)\b)/g)].map(
      ([text, run, short]) => ({ document, text, script: run ?? short ?? '' }),
    ),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(({ script }) => !(script in scripts)),
    [],
  );
});

test('every command of the table in CONTRIBUTING.md installs what it needs', () => {
  const table = [...read('CONTRIBUTING.md').matchAll(/^\| `npm (?:run )?([\w:]+)`/gm)].map(
    ([, name]) => name,
  );
  assert.ok(table.includes('dev'));
  for (const name of table) assert.equal(scripts[`pre${name ?? ''}`], 'node scripts/install.mjs', name);
});

test('what runs for long is started so that a signal to npm reaches it', () => {
  for (const name of ['demo', 'dev', 'test', 'test:all', 'test:real', 'chaos', 'bench', 'start'])
    assert.match(scripts[name] ?? '', /^exec node /, name);
});
