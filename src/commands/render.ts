import { stringify } from 'yaml';
import { renderFlow } from '../cluster-objects/render-flow.ts';
import { chooseTemplate } from '../template/choose-template.ts';
import { loadTemplates } from '../template/load-templates.ts';
import { renderTemplate } from '../template/render-template.ts';
import { sampleInputs } from '../template/sample-inputs.ts';
import { readArguments, UsageError } from './command-line.ts';
import { contractOptions, readContract } from './contract-options.ts';
import { readPairs } from './pairs.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner render <template> [options]

Prints the objects that a request would create in the cluster, in the order of creation; secrets are shown as <secret>, and
inputs are those of an example.

  --param NAME=VALUE  a parameter; may be repeated
  --asset ID          requested asset (default: the template's name)
  --metadata JSON     metadata of a start message, an object, for parameters with from; @FILE reads a file
  --claims JSON       its claims, in the same way
  --templates FOLDER  folder of templates (default: templates.directory of the configuration)
  --config FILE       settings (default: EDC_JP_CONFIG, else the defaults)
  --help              print this

Example: edc-job-provisioner render seattle-weather --metadata '{"year": 2014}'
`;

export async function renderCommand(args: string[]): Promise<void> {
  const read = readArguments('render', help, {
    args,
    allowPositionals: true,
    options: {
      param: { type: 'string', multiple: true, default: [] },
      asset: { type: 'string' },
      ...contractOptions,
      templates: { type: 'string' },
      config: { type: 'string' },
    },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) {
    throw new UsageError(
      `expected the name of one template, received ${positionals.join(' ') || 'none'}\nSee edc-job-provisioner render --help.`,
    );
  }
  const parameters = readPairs('param', values.param);
  const contract = readContract(values);
  const settings = loadTemplateSettings(values.config);
  const templates = await loadTemplates(values.templates ?? settings.templates.directory, settings);
  const assetId = values.asset ?? name;
  const template = chooseTemplate(templates, { template: name, assetId });
  const rendered = renderTemplate(template, {
    assetId,
    parameters,
    contract,
    inputs: sampleInputs(template),
  });
  const objects = renderFlow({ assetId, rendered, settings });
  process.stdout.write(objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join(''));
}
