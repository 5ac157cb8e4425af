import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOffMillis } from '../../src/back-off.ts';

const limits = { firstMillis: 100, maxMillis: 1000 };

const rows = [
  { name: 'the first failure waits the first time', failures: 1, random: 0.5, expected: 100 },
  { name: 'each further one waits twice as long', failures: 3, random: 0.5, expected: 400 },
  { name: 'up to the longest', failures: 5, random: 0.5, expected: 1000 },
  { name: 'however many there were', failures: 5000, random: 0.5, expected: 1000 },
  { name: 'a quarter sooner at the earliest', failures: 1, random: 0, expected: 75 },
  { name: 'a quarter later at the latest', failures: 5, random: 1, expected: 1250 },
];

for (const { name, failures, random, expected } of rows)
  test(name, () => {
    assert.equal(
      backOffMillis(limits, failures, () => random),
      expected,
    );
  });
