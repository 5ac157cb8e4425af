import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { splitWords } from '../../../../src/template/read/split-words.ts';

suite('words of a command', () => {
  const rows: { name: string; text: string; words: string[] | undefined }[] = [
    { name: 'are cut at spaces', text: ' node  run.mjs\t--fast ', words: ['node', 'run.mjs', '--fast'] },
    {
      name: 'keep what single quotes hold',
      text: `sh -c 'echo "$A" \\n'`,
      words: ['sh', '-c', 'echo "$A" \\n'],
    },
    {
      name: 'keep what double quotes hold, with escapes',
      text: String.raw`a "b \"c\" \n $D"`,
      words: ['a', String.raw`b "c" \n $D`],
    },
    { name: 'join quoted and bare parts', text: `a'b c'"d e"f`, words: ['ab cd ef'] },
    { name: 'may be empty', text: `a '' ""`, words: ['a', '', ''] },
    { name: 'may escape a space', text: String.raw`a\ b c`, words: ['a b', 'c'] },
    { name: 'expand nothing', text: '$(A) ${B} `c` *', words: ['$(A)', '${B}', '`c`', '*'] },
    { name: 'are none in an empty text', text: '  ', words: [] },
    { name: 'are undefined with an open single quote', text: "a 'b", words: undefined },
    { name: 'are undefined with an open double quote', text: 'a "b', words: undefined },
  ];
  for (const { name, text, words } of rows) {
    test(name, () => {
      assert.deepEqual(splitWords(text), words);
    });
  }
});
