import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { runDocument } from '../support/documented-blocks.ts';
import { needing } from '../support/needs.ts';
import { shellBlocks } from '../support/shell-blocks.ts';

const root = new URL('../../', import.meta.url);
const documents = globSync('{*.md,docs/**/*.md,packages/*/*.md,test/**/*.md,jobs-templates/*.md}', {
  cwd: root,
}).sort();
const blocks = documents.flatMap((document) => shellBlocks(document, root));

// A block that cannot run here needs an entry here: what is documented and never tried goes wrong unseen.
const notRun = [
  'README.md: they are the tests themselves, and what takes minutes on real servers',
  'docs/command-line.md: it installs from the registry',
  'docs/connectors/README.md: needs a connector',
  'docs/deployment.md: needs Docker and kind',
  'docs/deployment.md: needs Docker and a registry',
  'docs/deployment.md: needs a cluster that pulls images',
  'docs/deployment.md: needs a cluster that pulls images, and Helm',
  'docs/deployment.md: needs a cluster with a connector in it',
  'docs/deployment.md: needs the deployment in a cluster',
  'docs/deployment.md: needs Docker',
  'docs/env-files.md: it needs a key and a connector',
  'docs/env-files.md: it needs a key and a connector',
  'docs/http-api.md: it needs a service at that address',
  'docs/http-api.md: it needs a service at that address',
  'docs/http-api.md: it needs a service at that address',
  'docs/http-api.md: it needs a key and a service at that address',
  'docs/performance.md: builds real servers and takes a quarter of an hour',
  'docs/results.md: the address is one that a connector was given',
  'docs/templates.md: it needs a key and writable templates',
  'docs/tutorial.md: needs Docker and a registry',
  'packages/signaling-conformance/README.md: needs a data plane',
  'packages/signaling-conformance/README.md: needs the output of the public kit',
  'test/servers/README.md: builds a real cluster',
];

test('every documented shell command runs in a test, but for those that are listed with a reason', () => {
  const marked = blocks.filter((block) => block.notRun !== undefined);
  assert.deepEqual(
    marked.map(({ document, notRun: reason = '' }) => `${document}: ${reason}`),
    notRun,
  );
  // They install through the links of the copy, run these tests, or build servers.
  const lasting = /\bnpm (test|t|ci|i|install|run (test|bench|chaos|check))\b|\.ci\/run\b/;
  const unbounded = blocks.filter(({ notRun: reason, commands }) => !reason && lasting.test(commands));
  assert.deepEqual(unbounded, []);
});

/** What a document's commands are seen to print. */
const prints: Record<string, RegExp[]> = {
  'README.md': [
    /The results are in /,
    /"answer":"accepted"/,
    /"answer":"repeated"/,
    /"answer":"deprovisioned"/,
    /configmap\/note created/,
  ],
};

/** `tutorial.test.ts` runs it. */
const ownTest = 'docs/tutorial.md';

for (const document of documents) {
  if (document === ownTest) continue;
  if (!blocks.some((block) => block.document === document && block.notRun === undefined)) continue;
  test(`the commands of ${document} run as they stand`, needing('embedded cluster'), async (t) => {
    const stdout = await runDocument(t, document);
    for (const text of prints[document] ?? []) assert.match(stdout, text);
  });
}
