import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListReader } from '../../../src/kubernetes/list-reader.ts';

const odd = { text: 'a "quoted" \\ [text], {with} "items":[ and ü🦆', nested: { items: [[1], { a: [] }] } };

const lists: { name: string; list: object }[] = [
  { name: 'no items', list: { kind: 'List', metadata: { resourceVersion: '1' }, items: [] } },
  { name: 'no member items', list: { kind: 'Status', details: { causes: [{ a: 1 }] } } },
  {
    name: 'metadata in front',
    list: { kind: '"items":', metadata: { continue: 'x', list: [{}, []] }, items: [{}, odd, { last: true }] },
  },
  { name: 'metadata behind', list: { items: [odd, odd], metadata: { resourceVersion: '7' }, others: [odd] } },
];

for (const { name, list } of lists) {
  for (const indent of [0, 2]) {
    test(`a list with ${name} is read as JSON.parse reads it, in chunks of any size (indentation ${indent})`, () => {
      const bytes = Buffer.from(JSON.stringify(list, null, indent));
      for (let size = 1; size <= bytes.length; size += 1) {
        const items: unknown[] = [];
        const reader = new ListReader((item) => items.push(item));
        for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
        const rest = reader.end() as object;
        assert.deepEqual('items' in rest ? { ...rest, items } : rest, list, `chunks of ${size}`);
      }
    });
  }
}

test('a list that ended early is refused, wherever it ended', () => {
  const bytes = Buffer.from(JSON.stringify({ metadata: {}, items: [odd, {}] }));
  for (let length = 0; length < bytes.length; length += 1) {
    const reader = new ListReader(() => undefined);
    reader.write(bytes.subarray(0, length));
    assert.throws(() => reader.end(), SyntaxError, `${length} bytes`);
  }
});

test('an item that is not JSON is refused', () => {
  const reader = new ListReader(() => undefined);
  assert.throws(() => {
    reader.write(Buffer.from('{"items":[{"a":}]}'));
  }, SyntaxError);
});
