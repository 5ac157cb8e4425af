import { describeProblem, readTemplates } from '../template/load-templates.ts';
import { isWarning } from '../template/template.ts';
import { readArguments, UsageError } from './command-line.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner check [folder] [options]

Checks every template in a folder, or one template's own folder (default: templates.directory of the configuration), and prints each
problem as file:line: reason. Exit code 1 if there is one; lines with "warning:" do not count.

  --config FILE  settings that the templates are checked against (default: EDC_JP_CONFIG, else the defaults)
  --help         print this

Example: edc-job-provisioner check jobs-templates
`;

/** Prints a line for each problem on standard output, and a summary on standard error. */
export async function checkCommand(args: string[]): Promise<void> {
  const read = readArguments('check', help, {
    args,
    allowPositionals: true,
    options: { config: { type: 'string' } },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const config = loadTemplateSettings(values.config);
  if (positionals.length > 1) throw new UsageError(`expected one folder, received ${positionals.join(', ')}`);
  const [directory = config.templates.directory] = positionals;
  const { templates, problems } = await readTemplates(directory, config);
  process.stdout.write(problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
  if (!problems.every(isWarning)) {
    process.exitCode = 1;
    return;
  }
  const names = templates.map(({ name }) => name).join(', ');
  process.stderr.write(`${problems.length === 0 ? 'no problems' : 'only warnings'} in ${names}\n`);
}
