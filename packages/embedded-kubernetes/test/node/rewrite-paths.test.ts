import assert from 'node:assert/strict';
import test from 'node:test';

import { createPathRewriter } from '../../src/node/rewrite-paths.ts';

const rewrite = createPathRewriter([
  { inside: '/data', outside: '/host/data' },
  { inside: '/data/in/', outside: '/host/in' },
  { inside: '/host', outside: '/elsewhere' },
  { inside: '/a.b', outside: '/$&' },
]);

const cases = [
  { name: 'a whole path', text: '/data', result: '/host/data' },
  { name: 'a path below', text: '/data/x', result: '/host/data/x' },
  { name: 'the longest match', text: '/data/in/x', result: '/host/in/x' },
  {
    name: 'a sibling that begins alike',
    text: '/database /data.csv /data-2',
    result: '/database /data.csv /data-2',
  },
  { name: 'a path below another', text: '/mnt/data', result: '/mnt/data' },
  { name: 'an address', text: 'http://host/data', result: 'http://host/data' },
  { name: 'options and lists', text: '--out=/data:"/data"', result: '--out=/host/data:"/host/data"' },
  { name: 'a name in another script', text: '/datä', result: '/datä' },
  { name: 'special characters', text: '/a.b /axb', result: '/$& /axb' },
];
for (const { name, text, result } of cases) {
  test(`rewrites ${name}: ${text}`, () => {
    assert.equal(rewrite(text), result);
  });
}
