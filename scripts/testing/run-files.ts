// node run-files.ts CONCURRENCY TIMEOUT REPORT FILE…: runs test files, each in a process of its own, in the given order. `node --test` sorts
// them by name, so that a long one may start last. Writes the listing to standard output, and the report to a file.
import { createWriteStream } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import report from './result-reporter.ts';

const [concurrency, timeout, path = '', ...files] = process.argv.slice(2);
const events = run({ files, concurrency: Number(concurrency), timeout: Number(timeout) });
events.compose<NodeJS.ReadableStream>(new spec()).pipe(process.stdout);
events.compose<NodeJS.ReadableStream>(report).pipe(createWriteStream(path));
