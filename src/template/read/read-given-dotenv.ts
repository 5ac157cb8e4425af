import { ServiceError } from '../../errors.ts';
import { isWarning, type TemplateProblem } from '../template.ts';
import { readDotenv } from './read-dotenv.ts';

const shownProblems = 10;

/** The variables of a dotenv file that a request has. Throws `invalid-request` that names the lines at fault, and no value. */
export function readGivenDotenv(field: string, text: string): Record<string, string> {
  const problems: TemplateProblem[] = [];
  const { value } = readDotenv(field, text, problems);
  const errors = problems.filter((problem) => !isWarning(problem));
  if (errors.length === 0) return { ...value };
  const shown = errors.slice(0, shownProblems).map(({ line, reason }) => `line ${line ?? '?'}: ${reason}`);
  throw new ServiceError('invalid-request', `${field}: ${shown.join('; ')}`, { field });
}
