import { parseArgs } from 'node:util';
import { describeProblem, readTemplates } from '../template/load-templates.ts';
import { readOptions } from './read-options.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner check [folder] [options]

Checks every template in a folder (default: templates.directory of the configuration) and prints what is wrong with them as
file:line: reason. Exit code 1 if anything is.

  --config FILE  settings that they are checked against (default: EDC_JP_CONFIG, else the defaults)
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
  const [directory = config.templates.directory] = positionals;
  const { templates, problems } = await readTemplates(directory, config);
  process.stdout.write(problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
  const names = templates.map(({ name }) => name).join(', ');
  if (problems.length === 0) process.stderr.write(`nothing is wrong with ${names || 'no templates'}\n`);
  else process.exitCode = 1;
}
