import { inputVariable } from '../../flow/flow-input.ts';
import { reporter } from '../read/source.ts';
import type { TemplateInput } from '../template.ts';
import { isUnsure, type CheckContext } from './context.ts';

const inputName = /^[a-z][a-z0-9-]{0,31}$/;

/** Checks names, sizes and files of inputs, and that no parameter has the variable of an input. */
export function checkInputs(context: CheckContext): void {
  const { template, sources, problems } = context;
  const report = reporter(sources.document, problems);
  for (const [index, input] of template.inputs.entries()) {
    const path = ['inputs', input.name];
    if (!inputName.test(input.name))
      report(path, 'expected a name of lower-case letters, digits and - (at most 32), with a letter first');
    if (input.maxBytes < 1 || !Number.isSafeInteger(input.maxBytes))
      report([...path, 'maxSize'], 'expected a size from 1 byte to 8 PiB');
    const same = template.inputs.slice(0, index).find(({ file }) => file === input.file);
    if (same !== undefined)
      report([...path, 'file'], `expected a file of its own, received that of inputs.${same.name}`);
    checkVariable(input, context);
  }
}

/** A default in `job.env` is the value without the input, so that only a required input refuses one. */
function checkVariable({ name, required }: TemplateInput, context: CheckContext): void {
  const { template, sources, problems } = context;
  const variable = inputVariable(name);
  if (Object.hasOwn(template.parameters.properties, variable) && !isUnsure(variable, context))
    reporter(sources.document, problems)(
      ['parameters', 'properties', variable],
      `is set by the service for inputs.${name}`,
    );
  if (required && Object.hasOwn(template.environment, variable))
    reporter(sources.environment, problems)([variable], `is set by the service for inputs.${name}`);
}
