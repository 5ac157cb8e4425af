import { inputPath, inputVariable } from '../../../../flow/flow-input.ts';
import type { Template, ParametersSchema } from '../../../../template/template.ts';
import { apiPrefix } from '../api-route.ts';
import type { TemplateDescription } from './template-schema.ts';

interface ForClient {
  /** By which clients reach the service. */
  publicUrl: string;
  /** Whether the example needs a key. */
  keyed?: boolean;
  /** Absent for a template of the folder. */
  stored?: { createdAt: string; createdBy: string } | undefined;
}

/** Holds no value of a secret parameter. */
export function describeTemplate(
  template: Template,
  { publicUrl, keyed = false, stored }: ForClient,
): TemplateDescription {
  const { name, description, digest, parameters, assets, results, limits, retention, gpu } = template;
  const { envFiles } = template;
  const { choice, contentType, required } = results;
  const api = `${publicUrl}${apiPrefix}`;
  return {
    ...{ name, description, digest, parameters },
    assets: assets.map(({ id, parameters: values }) => ({
      id,
      parameters: withoutSecrets(values, parameters),
    })),
    inputs: template.inputs.map(({ file, ...input }) => ({
      ...input,
      variable: inputVariable(input.name),
      path: inputPath(file),
    })),
    results: {
      choice: choice.kind,
      ...(choice.kind === 'file' ? { path: choice.path } : {}),
      ...(contentType === undefined ? {} : { contentType }),
      ...{ required, retention },
    },
    limits: { pending: limits.pending, run: limits.run, upload: limits.upload },
    ...{ gpu, envFiles },
    example: describeExample(template, { href: `${api}/jobs`, keyed }),
    ...(stored === undefined ? {} : { stored: { createdAt: stored.createdAt, createdBy: stored.createdBy } }),
    links: { self: `${api}/templates/${name}`, jobs: `${api}/jobs?template=${name}` },
  };
}

function withoutSecrets(
  values: Record<string, unknown>,
  { properties }: ParametersSchema,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => properties[name]?.['writeOnly'] !== true),
  );
}

/** A shell puts the key in. */
const keyOption = '--header "Authorization: Bearer $KEY" ';

/** Names every parameter that has neither a default nor a value of the asset, and every required input. */
function describeExample(
  template: Template,
  { href, keyed }: { href: string; keyed: boolean },
): TemplateDescription['example'] {
  const { name, parameters, assets } = template;
  const given = assets[0]?.parameters ?? {};
  const missing = parameters.required.filter((one) => !Object.hasOwn(given, one));
  const values = Object.fromEntries(missing.map((one) => [one, exampleOf(parameters.properties[one])]));
  const inputs = template.inputs.filter(({ required }) => required).map((one) => [one.name, exampleInput]);
  const body = {
    template: name,
    ...(missing.length === 0 ? {} : { parameters: values }),
    ...(inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs) as object }),
  };
  const json = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  return { method: 'POST', href, body, curl: `curl ${keyed ? keyOption : ''}--json '${json}' ${href}` };
}

/** Stands for an upload of the client's own. */
const exampleInput = { upload: 'ID' };

function exampleOf({
  examples,
  default: value,
  enum: choices,
  const: only,
  type,
  minimum = 0,
}: Record<string, unknown> = {}): unknown {
  const [example] = [examples, choices].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const known = only ?? value ?? example;
  if (known !== undefined) return known;
  if (type === 'integer' || type === 'number') return minimum;
  return type === 'boolean' ? false : 'value';
}
