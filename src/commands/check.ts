import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { isServiceError } from '../errors.ts';
import type { Contract } from '../template/contract-path.ts';
import { describeProblem, readTemplates } from '../template/load-templates.ts';
import { renderTemplate } from '../template/render-template.ts';
import { sampleInputs } from '../template/sample-inputs.ts';
import { isWarning, type Template, type TemplateProblem } from '../template/template.ts';
import { readArguments, UsageError } from './command-line.ts';
import { contractOptions, readContract } from './contract-options.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner check [folder] [options]

Checks every template in a folder, or one template's own folder (default: templates.directory of the configuration), and prints each
problem as file:line: reason, also those with the configured connectors that may use a template. Exit code 1 if there is one; lines
with "warning:" do not count.

  --metadata JSON  also checks whether a start message with this metadata, an object, would be accepted for every asset
                   of the templates that take parameters from one; @FILE reads a file
  --claims JSON    the same with these claims
  --connectors     check the configured connectors instead: whether each can be reached and accepts the credentials of this
                   environment, which version of its management API answers, and whether this data plane is registered there. Exit
                   code 1 if a check fails. Nothing is changed there.
  --json           with --connectors: print a JSON list instead of a table
  --config FILE    settings (default: EDC_JP_CONFIG, else the defaults)
  --help           print this

Example: edc-job-provisioner check jobs-templates
         edc-job-provisioner check --connectors --config settings.yaml
`;

/** Prints a line for each problem, or for each check of a connector, on standard output, and a summary on standard error. */
export async function checkCommand(args: string[]): Promise<void> {
  const read = readArguments('check', help, {
    args,
    allowPositionals: true,
    options: {
      ...contractOptions,
      config: { type: 'string' },
      connectors: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const contract = readContract(values);
  if (values.json && !values.connectors) throw new UsageError('--json: expected --connectors with it');
  if (values.connectors) {
    if (positionals.length > 0 || contract !== undefined)
      throw new UsageError('--connectors: expected neither a folder nor metadata and claims with it');
    // Loads the HTTP client, which templates do not need.
    const { checkConnectors } = await import('./check-connectors.ts');
    await checkConnectors({ file: values.config, json: values.json });
    return;
  }
  await checkTemplates({ file: values.config, contract }, positionals);
}

async function checkTemplates(
  { file, contract }: { file: string | undefined; contract: Contract | undefined },
  positionals: string[],
): Promise<void> {
  const config = loadTemplateSettings(file);
  if (positionals.length > 1) throw new UsageError(`expected one folder, received ${positionals.join(', ')}`);
  const [directory = config.templates.directory] = positionals;
  const { templates, problems: found } = await readTemplates(directory, config);
  const tried =
    contract === undefined ? [] : templates.flatMap((template) => tryContract(template, contract));
  const problems = [...found, ...tried, ...(await tryConnectors(templates, config))];
  process.stdout.write(problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
  if (!problems.every(isWarning)) {
    process.exitCode = 1;
    return;
  }
  const names = templates.map(({ name }) => name).join(', ');
  process.stderr.write(`${problems.length === 0 ? 'no problems' : 'only warnings'} in ${names}\n`);
}

/** Problems of the configured connectors with the templates that they may use. */
async function tryConnectors(
  templates: readonly Template[],
  { connectors }: Config,
): Promise<TemplateProblem[]> {
  if (connectors.length === 0) return [];
  // They load their HTTP clients, which templates alone do not need.
  const [{ builtInDialects: dialects }, { findMisfits }] = await Promise.all([
    import('../dialects/built-in.ts'),
    import('../dialects/check-templates.ts'),
  ]);
  return findMisfits(templates, { dialects, connectors }).map(({ template, ...problem }) => ({
    file: join(template.directory, 'template.yaml'),
    ...problem,
  }));
}

/** Problems of the assets of a template that takes parameters from a contract. */
function tryContract(template: Template, contract: Contract): TemplateProblem[] {
  if (Object.keys(template.fromContract).length === 0) return [];
  const ids = template.assets.map(({ id }) => id);
  return (ids.length === 0 ? [template.name] : ids).flatMap((assetId) => {
    try {
      renderTemplate(template, { assetId, parameters: {}, contract, inputs: sampleInputs(template) });
      return [];
    } catch (error) {
      if (!isServiceError(error, 'invalid-parameters')) throw error;
      const file = join(template.directory, 'template.yaml');
      return [{ file, reason: `the asset "${assetId}" would be refused: ${error.message}` }];
    }
  });
}
