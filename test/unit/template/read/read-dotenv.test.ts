import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDotenv } from '../../../../src/template/read/read-dotenv.ts';
import type { TemplateProblem } from '../../../../src/template/template.ts';

suite('a dotenv file', () => {
  test('may have comments, exports, quotes and values of several lines', () => {
    const problems: TemplateProblem[] = [];
    const text = `# top\nexport A=1\nB='x # y' # z\n\nC="one\ntwo words\n"\nD=\n`;
    const source = readDotenv('job.env', text, problems);
    assert.deepEqual(source.value, { A: '1', B: 'x # y', C: 'one\ntwo words\n', D: '' });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      ['A', 'C', 'D', 'E'].map((name) => source.lineAt([name])),
      [2, 5, 8, undefined],
    );
  });

  test('every line that would be ignored is reported', () => {
    const problems: TemplateProblem[] = [];
    readDotenv('job.env', 'A=1\nB\n= 2\n', problems);
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 3],
    );
  });

  test('reports an open quote, and warns of one that a quote further below closes', () => {
    const problems: TemplateProblem[] = [];
    const source = readDotenv('job.env', `A="one\nB=2\nC=3"\nD='four\n`, problems);
    assert.deepEqual(source.value, { A: 'one\nB=2\nC=3', D: 'four' });
    assert.deepEqual(problems, [
      {
        file: 'job.env',
        line: 1,
        reason: 'A: its quote is closed on a later line, so B=… is part of its value',
        severity: 'warning',
      },
      {
        file: 'job.env',
        line: 4,
        reason: "D: expected a closing ': the value starts with this quote and does not end with it",
      },
    ]);
  });
});
