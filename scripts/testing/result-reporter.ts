// A reporter for `node --test`: a line of JSON for each failure, each skipped test, each file's counts, and the end.
import type { TestEvent } from 'node:test/reporters';
import type { ReportLine } from './read-results.ts';

const mostDetail = 4000;

/** Without this option each file has a process, and a summary, of its own. */
const sharesProcess = process.execArgv.includes('--test-isolation=none');

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counted = new CountedFiles();
  for await (const event of source)
    for (const line of [...describe(event), ...(sharesProcess ? counted.add(event) : [])])
      yield `${JSON.stringify(line)}\n`;
}

function describe(event: TestEvent): ReportLine[] {
  if (event.type === 'test:pass') return describeSkip(event.data);
  if (event.type === 'test:fail') return [describeFailure(event.data)];
  if (event.type === 'test:summary') return describeSummary(event.data);
  return [];
}

type Passed = Extract<TestEvent, { type: 'test:pass' }>['data'];
type Failed = Extract<TestEvent, { type: 'test:fail' }>['data'];
type Summary = Extract<TestEvent, { type: 'test:summary' }>['data'];

function describeSkip({ name, file = '', skip }: Passed): ReportLine[] {
  if (skip === undefined || skip === false) return [];
  return [{ kind: 'skipped', name, file, reason: typeof skip === 'string' ? skip : 'no reason given' }];
}

function describeFailure({ name, file = '', details }: Failed): ReportLine {
  const { cause } = details.error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const detail = cause instanceof Error ? (cause.stack ?? message) : message;
  return {
    kind: 'failed',
    name,
    file,
    message: message.split('\n').slice(0, 3).join(' '),
    detail: detail.slice(0, mostDetail),
  };
}

function describeSummary({ file, counts, duration_ms: millis }: Summary): ReportLine[] {
  if (file === undefined) return sharesProcess ? [] : [{ kind: 'end' }];
  const skipped = counts.skipped + counts.todo;
  const failed = counts.tests - counts.passed - skipped;
  return [{ kind: 'file', file, millis, passed: counts.passed, failed, skipped }];
}

/** Files that share a process run one after the other and have no summaries, so their tests are counted here. */
class CountedFiles {
  private current: Extract<ReportLine, { kind: 'file' }> | undefined;

  add(event: TestEvent): ReportLine[] {
    if (event.type === 'test:summary') return [...this.close(), { kind: 'end' }];
    if (event.type !== 'test:pass' && event.type !== 'test:fail') return [];
    const { details, nesting } = event.data;
    const file = this.fileOf(event.data.file ?? '');
    const before = this.current?.file === file ? [] : this.close();
    this.current ??= { kind: 'file', file, millis: 0, passed: 0, failed: 0, skipped: 0 };
    if (nesting === 0) this.current.millis += details.duration_ms;
    if (details.type !== 'suite') this.current[outcomeOf(event)] += 1;
    return before;
  }

  /** A test that a helper declares belongs to the file that runs. */
  private fileOf(declaredIn: string): string {
    return declaredIn.endsWith('.test.ts') ? declaredIn : (this.current?.file ?? declaredIn);
  }

  private close(): ReportLine[] {
    const closed = this.current;
    this.current = undefined;
    return closed === undefined ? [] : [closed];
  }
}

function outcomeOf({ type, data }: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>): Outcome {
  if (type === 'test:fail') return 'failed';
  return (data.skip ?? false) === false && (data.todo ?? false) === false ? 'passed' : 'skipped';
}

type Outcome = 'passed' | 'failed' | 'skipped';
