import { parseArgs } from 'node:util';
import { ServiceError } from '../errors.ts';
import { describeProblem, readTemplates } from '../template/load-templates.ts';
import { isWarning } from '../template/template.ts';
import { readOptions } from './command-line.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner check [folder] [options]

Checks every template in a folder, or one template's own folder (default: templates.directory of the configuration), and prints what is
wrong as file:line: reason. Exit code 1 if anything is; lines with "warning:" do not count.

  --config FILE  settings that they are checked against (default: EDC_JP_CONFIG, else the defaults)
  --help         print this

Example: edc-job-provisioner check jobs-templates
`;

/** A line for each problem on standard output; a sentence on standard error. */
export async function checkCommand(args: string[]): Promise<void> {
  const { values, positionals } = readOptions('check', () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: { config: { type: 'string' }, help: { type: 'boolean', default: false } },
    }),
  );
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const config = loadTemplateSettings(values.config);
  if (positionals.length > 1) {
    throw new ServiceError('invalid-config', `expected one folder, received ${positionals.join(', ')}`);
  }
  const [directory = config.templates.directory] = positionals;
  const { templates, problems } = await readTemplates(directory, config);
  process.stdout.write(problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
  if (!problems.every(isWarning)) {
    process.exitCode = 1;
    return;
  }
  const names = templates.map(({ name }) => name).join(', ');
  const nothing = problems.length === 0 ? 'nothing is wrong' : 'nothing but warnings';
  process.stderr.write(`${nothing} with ${names}\n`);
}
