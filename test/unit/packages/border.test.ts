import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import { projectFolder } from '../../support/command-process.ts';

// This rule alone, and without types, which take many seconds to load.
const eslint = new ESLint({
  cwd: projectFolder,
  ruleFilter: ({ ruleId }) => ruleId === 'project/package-border',
  overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
});
const packages = globSync('packages/*/', { cwd: projectFolder }).map((path) => relative('packages', path));

for (const name of packages) {
  test(`Node refuses the inner files of ${name}`, async () => {
    await assert.rejects(import(`${name}/package.json`, { with: { type: 'json' } }), {
      code: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
    });
  });
}

const wrong = [
  {
    name: 'a path into a package',
    file: 'test/support/servers.ts',
    code: "import '../../packages/embedded-s3/src/http/xml.ts';",
  },
  {
    name: 'a path out of a package',
    file: 'packages/embedded-s3/src/http/xml.ts',
    code: "import '../../../../src/log.ts';",
  },
  {
    name: 'a package in the service',
    file: 'src/app.ts',
    code: "import type { RunningStore } from 'embedded-s3';",
  },
  { name: 'a package loaded by the service', file: 'src/app.ts', code: "await import('embedded-s3');" },
  {
    name: 'a package loaded with a command',
    file: 'src/demo/load-packages.ts',
    code: "import 'embedded-s3';",
  },
];

for (const { name, file, code } of wrong) {
  test(`lint refuses ${name}`, async () => {
    assert.ok((await rulesBroken(file, code)).includes('project/package-border'));
  });
}

test('lint lets tests import packages, packages their own files, and the commands load them', async () => {
  const right = [
    { file: 'test/support/servers.ts', code: "import 'embedded-s3';" },
    {
      file: 'packages/embedded-s3/test/access/wildcard.test.ts',
      code: "import '../../src/access/wildcard.ts';",
    },
    { file: 'src/demo/load-packages.ts', code: "await import('embedded-s3');" },
  ];
  for (const { file, code } of right) assert.deepEqual(await rulesBroken(file, code), []);
});

async function rulesBroken(file: string, code: string): Promise<(string | null)[]> {
  const results = await eslint.lintText(`${code}\n`, { filePath: join(projectFolder, file) });
  return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId));
}
