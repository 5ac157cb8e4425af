// A reporter for `node --test`: a line of JSON for each failure, each skipped test, each file's time and counts, and the end.
import type { TestEvent } from 'node:test/reporters';
import type { ReportLine } from './read-results.ts';

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = describe(event);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}

function describe(event: TestEvent): ReportLine | undefined {
  if (event.type === 'test:pass') return describeSkip(event.data);
  if (event.type === 'test:fail') return describeFailure(event.data);
  if (event.type === 'test:summary') return describeSummary(event.data);
  return undefined;
}

type Passed = Extract<TestEvent, { type: 'test:pass' }>['data'];
type Failed = Extract<TestEvent, { type: 'test:fail' }>['data'];
type Summary = Extract<TestEvent, { type: 'test:summary' }>['data'];

function describeSkip({ name, file = '', skip }: Passed): ReportLine | undefined {
  if (skip === undefined || skip === false) return undefined;
  return { kind: 'skipped', name, file, reason: typeof skip === 'string' ? skip : 'no reason given' };
}

function describeFailure({ name, file = '', details }: Failed): ReportLine {
  const { cause } = details.error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return { kind: 'failed', name, file, message: message.split('\n').slice(0, 3).join(' ') };
}

function describeSummary({ file, counts, duration_ms: millis }: Summary): ReportLine {
  if (file === undefined) return { kind: 'end' };
  const skipped = counts.skipped + counts.todo;
  return {
    kind: 'file',
    file,
    millis,
    passed: counts.passed,
    failed: counts.tests - counts.passed - skipped,
    skipped,
  };
}
