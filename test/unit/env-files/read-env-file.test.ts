import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { readEnvFile } from '../../../src/env-files/read-env-file.ts';
import type { Template } from '../../../src/template/template.ts';
import { aTemplate } from '../../support/template-values.ts';

const template = aTemplate({
  environment: { PLAIN: '', TEXT: '' },
  parameters: { type: 'object', properties: { TICKS: { type: 'integer', maximum: 9 } }, required: [] },
  envFiles: ['PLAIN', 'TEXT', 'TICKS'],
});

function read(
  content: string | Buffer,
  { secret = false, of = template }: { secret?: boolean; of?: Template } = {},
) {
  const bytes = Buffer.from(content);
  return readEnvFile(of, { bytes, owner: 'asset', secret, assetId: 'x', maxVariables: 3 }).values;
}

function reason(content: string | Buffer, options: Parameters<typeof read>[1] = {}): string {
  try {
    read(content, options);
  } catch (error) {
    if (isServiceError(error, 'invalid-env-file')) return error.message;
    throw error;
  }
  return 'none';
}

test('quotes, several lines and export are read', () => {
  const text = `# a comment\nexport PLAIN='it is # kept'\nTEXT="one\ntwo"\r\nTICKS=3\n`;
  assert.deepEqual({ ...read(text) }, { PLAIN: 'it is # kept', TEXT: 'one\ntwo', TICKS: '3' });
});

const wrong = [
  {
    name: 'a line',
    text: 'PLAIN=1\nnonsense\n',
    found: 'line 2: expected NAME=value, a comment or an empty line',
  },
  { name: 'a variable', text: '\nPATH=/\n', found: 'line 2: PATH: expected one of PLAIN, TEXT, TICKS' },
  {
    name: 'a value',
    text: 'TICKS=10',
    found: 'line 1: parameter TICKS: expected an integer up to 9, received 10',
  },
  { name: 'no variable', text: '# nothing\n', found: 'expected NAME=value, received no variable' },
  { name: 'many variables', text: 'A=1\nB=1\nC=1\nD=1', found: 'expected at most 3 variables, received 4' },
  { name: 'an open quote', text: 'PLAIN="x\n', found: /^line 1: PLAIN: expected a closing "/ },
  { name: 'bytes', text: Buffer.from([0x50, 0x3d, 0xff]), found: 'expected text in UTF-8' },
];

for (const { name, text, found } of wrong)
  test(`${name}: the error names line, variable and expectation`, () => {
    if (typeof found === 'string') assert.equal(reason(text), found);
    else assert.match(reason(text), found);
  });

test('no error shows a value of a secret file', () => {
  const message = reason('TICKS=secret-value\nPLAIN=ok\nlonely-secret-value\n', { secret: true });
  assert.match(message, /line 1: parameter TICKS: expected an integer up to 9/);
  assert.ok(!message.includes('secret-value'));
});

test('no error shows a line of a secret value that looks like a name', () => {
  const text = 'PLAIN=-----BEGIN\nMIIEsecret=\nTEXT="open-secret\n';
  const message = reason(text, { secret: true });
  assert.match(message, /^line 2: expected one of PLAIN, TEXT, TICKS; line 3: expected NAME=value/);
  assert.ok(!message.includes('secret'), message);
});

test('a template without envFiles takes none', () => {
  assert.match(reason('PLAIN=1', { of: aTemplate() }), /takes no env files: expected one with envFiles/);
});
