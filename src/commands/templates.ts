import { basename, resolve } from 'node:path';
import { printable, printableLine } from '../client/printable.ts';
import { formatBytes, formatTable } from '../client/table.ts';
import {
  deleteTemplate,
  getTemplate,
  listTemplates,
  putTemplate,
  readTemplateFolder,
} from '../client/templates.ts';
import { messageOf } from '../errors.ts';
import type { TemplateDescription } from '../http/routes/api/templates/template-schema.ts';
import { readArguments, UsageError } from './command-line.ts';
import { remoteHelp, remoteOptions, withService } from './remote.ts';

const help = `Usage: edc-job-provisioner templates [name] [options]

Lists what a service can run, or shows one template: its parameters, inputs, assets and limits, and a command that runs it.

  templates put <folder>   stores the template of a folder, if templates are writable
  templates delete <name>  deletes a template that was stored

  --json     print it as the service describes it
${remoteHelp}
Example: edc-job-provisioner templates seattle-weather
`;

export async function templatesCommand(args: string[]): Promise<void> {
  const read = readArguments('templates', help, {
    args,
    allowPositionals: true,
    options: { ...remoteOptions, json: { type: 'boolean', default: false } },
  });
  if (read === undefined) return;
  const { values, positionals } = read;
  const [name, of] = positionals;
  if (name === 'put' && of !== undefined && positionals.length === 2) {
    await put(of, values);
    return;
  }
  if (name === 'delete' && of !== undefined && positionals.length === 2) {
    await withService(values, ({ client, interruption: { signal } }) => deleteTemplate(client, of, signal));
    return;
  }
  if (positionals.length > 1)
    throw new UsageError(
      `expected a name, put with a folder, delete with a name, or nothing, received ${positionals.join(' ')}`,
    );
  await withService(values, async ({ client, interruption: { signal } }) => {
    if (name === undefined) show(await listTemplates(client, signal), values, formatList);
    else show(await getTemplate(client, name, signal), values, formatTemplate);
  });
}

/** Named as the folder is. */
async function put(folder: string, values: { url?: string | undefined }): Promise<void> {
  const name = basename(resolve(folder));
  const body = await readTemplateFolder(folder).catch((cause: unknown) => {
    throw new UsageError(messageOf(cause), { cause });
  });
  await withService(values, async ({ client, interruption: { signal } }) => {
    const { digest, warnings = [] } = await putTemplate(client, { name, body }, signal);
    for (const warning of warnings) process.stderr.write(`${printableLine(warning)}\n`);
    process.stderr.write(`${name} has the digest ${digest}\n`);
  });
}

function show<T>(value: T, { json }: { json: boolean }, format: (value: T) => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : format(value));
}

function formatList(templates: readonly TemplateDescription[]): string {
  const rows = templates.map(({ name, description }) => [name, printableLine(description)]);
  return formatTable([['NAME', 'DESCRIPTION'], ...rows]);
}

function formatTemplate({
  name,
  description,
  parameters,
  inputs,
  assets,
  limits,
  example,
}: TemplateDescription): string {
  const parts = [`${name}: ${printable(description)}\n`];
  const rows = parameterRows(parameters);
  if (rows.length > 0) parts.push(formatTable([['PARAMETER', 'TYPE', 'DEFAULT', 'DESCRIPTION'], ...rows]));
  if (inputs.length > 0)
    parts.push(formatTable([['INPUT', 'AT MOST', '', 'DESCRIPTION'], ...inputRows(inputs)]));
  if (assets.length > 0) parts.push(`Assets: ${assets.map(({ id }) => printableLine(id)).join(', ')}\n`);
  parts.push(`Runs at most ${limits.run} s.\n`, `Example: ${exampleCommand(name, example.body)}\n`);
  return parts.join('\n');
}

/** `schema`: a JSON Schema of an object. */
function parameterRows(schema: object): string[][] {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, Record<string, unknown>>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { type, enum: choices, default: value, description = '' } = property;
    const kind = Array.isArray(choices) ? choices.map(asText).join(' | ') : asText(type ?? 'any');
    const preset = required.includes(name) && value === undefined ? '(required)' : asText(value ?? '');
    return [name, kind, preset, asText(description)].map(printableLine);
  });
}

function inputRows(inputs: TemplateDescription['inputs']): string[][] {
  return inputs.map(({ name, required, description, mediaTypes, maxBytes }) => {
    const types = mediaTypes.length === 0 ? '' : ` (${mediaTypes.join(', ')})`;
    const row = [name, formatBytes(maxBytes), required ? '(required)' : '', `${description}${types}`];
    return row.map(printableLine);
  });
}

function exampleCommand(name: string, body: object): string {
  const { parameters = {}, inputs = {} } = body as Record<'parameters' | 'inputs', object | undefined>;
  const given = Object.entries(parameters).map(
    ([parameter, value]) => ` --param ${quote(`${parameter}=${asText(value)}`)}`,
  );
  const files = Object.keys(inputs).map((input) => ` --input ${quote(`${input}=FILE`)}`);
  return `edc-job-provisioner run ${name}${given.join('')}${files.join('')} -o results`;
}

/** For a shell. */
function quote(text: string): string {
  const line = printableLine(text);
  return /^[\w./:=@%+,-]+$/.test(line) ? line : `'${line.replaceAll("'", String.raw`'\''`)}'`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
