import { ServiceError } from '../errors.ts';
import { findEnvFileProblems, type EnvFileContent } from '../template/env-files.ts';
import { readDotenv } from '../template/read/read-dotenv.ts';
import { isWarning, type Template, type TemplateProblem } from '../template/template.ts';

interface ReceivedEnvFile extends Omit<EnvFileContent, 'values'> {
  bytes: Buffer;
  assetId: string;
  maxVariables: number;
}

interface CheckedEnvFile {
  content: string;
  values: Record<string, string>;
}

/** Throws `invalid-env-file` that names lines, variables and expectations. */
export function readEnvFile(template: Template, received: ReceivedEnvFile): CheckedEnvFile {
  if (template.envFiles.length === 0)
    throw refused([
      {
        reason: `the template ${template.name} takes no env files: expected one with envFiles in template.yaml`,
      },
    ]);
  const content = decode(received.bytes);
  const problems: TemplateProblem[] = [];
  const source = readDotenv('', content, problems);
  const { value: values } = source;
  const count = Object.keys(values).length;
  if (count === 0) problems.push({ file: '', reason: 'expected NAME=value, received no variable' });
  if (count > received.maxVariables)
    throw refused([{ reason: `expected at most ${received.maxVariables} variables, received ${count}` }]);
  const unreadable = problems
    .filter((problem) => !isWarning(problem))
    .map(({ line, reason }) => ({ line, reason: received.secret ? readable : reason }));
  const known = unreadable.map(({ line }) => line);
  const unfit = findEnvFileProblems(template, { ...received, values }).map(({ name, reason }) => ({
    reason,
    line: source.lineAt([name]),
    ...(template.envFiles.includes(name) ? { name } : {}),
  }));
  const found = [...unreadable, ...unfit.filter(({ line }) => line === undefined || !known.includes(line))];
  if (found.length > 0) throw refused(found);
  return { content, values };
}

/** The variables of a stored file, which was checked when it was stored. */
export function parseEnvFile(content: string): Record<string, string> {
  return readDotenv('', content, []).value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ServiceError('invalid-env-file', 'expected text in UTF-8', { cause, field: 'body' });
  }
}

/** In place of a reason that names what it has found, which may be a part of a secret value. */
const readable = 'expected NAME=value with its quotes closed, a comment or an empty line';

const shownProblems = 10;

interface Problem {
  line?: number | undefined;
  name?: string;
  reason: string;
}

function refused(problems: readonly Problem[]): ServiceError {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const shown = sorted
    .slice(0, shownProblems)
    .map(({ line, reason }) => (line === undefined ? reason : `line ${line}: ${reason}`));
  const more = sorted.length > shownProblems ? [`and ${sorted.length - shownProblems} more`] : [];
  const field = sorted.find(({ name }) => name !== undefined)?.name ?? 'body';
  return new ServiceError('invalid-env-file', [...shown, ...more].join('; '), { field });
}
