const numbered = Array.from(
  { length: 40 },
  (_, index) => [`nested/${index}.txt`, `number ${index}\n`] as const,
);

/** What the workers of test/fixtures/templates/many-files write: path → content. */
export const oddFiles: Readonly<Record<string, string>> = {
  ...Object.fromEntries(numbered),
  empty: '',
  '.hidden/.file': 'dot\n',
  'nested/with a space.txt': 'space\n',
  'nested/deeper still/größe 50%+.txt': 'deep\n',
  "nested/it's 'quoted'.txt": "it's\n",
  '_x/like-an-encoded-one': 'plain\n',
  '..dots/...': 'dots\n',
  'a+b&c<d>"e"?#%41.txt': 'marks\n',
  // A folder beside files that sort before and after it: listings go by whole keys.
  'order/a/b': 'order/a/b\n',
  'order/a-b': 'order/a-b\n',
  'order/a.txt': 'order/a.txt\n',
  'order/a0': 'order/a0\n',
};
